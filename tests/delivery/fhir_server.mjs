// A FHIR R4 server on loopback that nobody here wrote: Medplum's router over its memory repository. Every write is
// checked by Medplum's core and by npm fhir (bindings) together. usage: node fhir_server.mjs NODE_MODULES PORT
import http from 'node:http';
import { createRequire } from 'node:module';

const [modules, port] = process.argv.slice(2);
const load = (name) => import(`${modules}/@medplum/${name}/dist/esm/index.mjs`);
const [core, definitions, routing] = await Promise.all(['core', 'definitions', 'fhir-router'].map(load));
for (const name of ['profiles-types', 'profiles-resources', 'profiles-medplum'])
  core.indexStructureDefinitionBundle(definitions.readJson(`fhir/r4/${name}.json`));
for (const name of ['search-parameters', 'search-parameters-uscore'])
  core.indexSearchParameterBundle(definitions.readJson(`fhir/r4/${name}.json`));
const { Fhir } = createRequire(`${modules}/x.js`)('fhir');
const second = new Fhir();
const repository = new routing.MemoryRepository();
const router = new routing.FhirRouter();

function faults(resource) {
  const found = [];
  try {
    core.validateResource(resource);
  } catch (error) {
    for (const issue of error.outcome?.issue ?? [])
      if (issue.severity === 'error') found.push(`${issue.expression?.[0]}: ${issue.details?.text}`);
  }
  for (const message of second.validate(resource, { errorOnUnexpected: true }).messages)
    if (['error', 'fatal'].includes(message.severity)) found.push(`${message.location}: ${message.message}`);
  return found;
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const say = (status, resource) => {
      const text = Buffer.from(core.stringify(resource) ?? '{}');
      response.writeHead(status, { 'content-type': 'application/fhir+json', 'content-length': text.length });
      response.end(text);
    };
    try {
      const url = new URL(request.url, 'http://x');
      const text = Buffer.concat(chunks).toString();
      const body = text ? JSON.parse(text) : undefined;
      const wrong = body?.resourceType ? faults(body) : [];
      if (wrong.length) {
        console.error(wrong.join('\n'));
        say(400, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'invalid' }] });
        return;
      }
      const query = Object.fromEntries(url.searchParams);
      const path = url.pathname.replace(/^\/fhir/, '') + url.search;
      const asked = { method: request.method, url: path, body, params: {}, query, headers: request.headers };
      const [outcome, resource] = await router.handleRequest({ ...asked, config: {} }, repository);
      say(core.getStatus(outcome), resource ?? outcome);
    } catch (error) {
      console.error(error);
      say(500, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'exception' }] });
    }
  });
});
server.listen(Number(port), '127.0.0.1', () => console.log('LISTENING'));
setTimeout(() => process.exit(0), 1800_000);
