// Receivers of npm that nobody here wrote, on loopback: MLLP (simple-hl7, @medplum/hl7, node-hl7-server) and SMTP
// (smtp-server). What came is a line of JSON in STORE; the code to answer with is what CODE says at that moment.
// usage: node node_server.cjs NODE_MODULES KIND PORT STORE CODE [CERT KEY]
const fs = require('node:fs');
const net = require('node:net');
const crypto = require('node:crypto');

const [modules, kind, port, store, code, cert, key] = process.argv.slice(2);
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (_, ...rest) {
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, rest.find((each) => typeof each === 'function'));
};
const note = (row) => fs.appendFileSync(store, JSON.stringify(row) + '\n');
const wanted = () => fs.readFileSync(code, 'utf8').trim();
const digest = (data) => crypto.createHash('sha256').update(data).digest('hex');
const hl7 = (control, document, pdf) => note({ control, document, sha256: digest(Buffer.from(pdf, 'base64')) });

const kinds = {
  simple() {
    const app = require(`${modules}/simple-hl7`).tcp();
    app.use((request, response) => {
      const message = request.msg;
      const part = (segment, field, place) => String(message.getSegment(segment)?.getComponent(field, place) ?? '');
      hl7(String(message.header.getField(8)), part('TXA', 12, 1), part('OBX', 5, 5));
      response.ack.getSegment('MSA').setField(1, wanted());
      response.end();
    });
    app.start(Number(port));
  },
  async medplum() {
    const { Hl7Server } = await import(`${modules}/@medplum/hl7/dist/esm/index.mjs`);
    const server = new Hl7Server((connection) =>
      connection.addEventListener('message', ({ message }) => {
        const part = (segment, field, place) => message.getSegment(segment)?.getComponent(field, place) ?? '';
        hl7(message.getSegment('MSH').getField(10).toString(), part('TXA', 12, 1), part('OBX', 5, 5));
        connection.send(message.buildAck({ ackCode: wanted() }));
      })
    );
    await server.start(Number(port));
  },
  smtp() {
    const { SMTPServer } = require(`${modules}/smtp-server`);
    const server = new SMTPServer({
      authOptional: true,
      cert: fs.readFileSync(cert),
      key: fs.readFileSync(key),
      onMailFrom: (_, session, done) => done(session.secure ? null : new Error('encrypt first')),
      onData(stream, session, done) {
        const chunks = [];
        stream.on('data', (chunk) => chunks.push(chunk));
        stream.on('end', () => {
          note({ to: session.envelope.rcptTo[0].address, mail: Buffer.concat(chunks).toString('base64') });
          done();
        });
      },
    });
    server.listen(Number(port));
  },
};
Promise.resolve(kinds[kind]());
setTimeout(() => process.exit(0), 1800_000);
