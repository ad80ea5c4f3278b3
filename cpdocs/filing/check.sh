#!/bin/sh
# Checks this package with sha256sum, jq and openssl alone: every file's digest, that nothing was added, and the
# organization's signature over the manifest. Reads like this:
#   1. manifest.json lists every file with its SHA-256; the digests are computed anew and compared.
#   2. What lies here and isn't in the list is named.
#   3. The signature is Ed25519 over the line "cpdocs.package/1" and the manifest without its signature, keys sorted,
#      no spaces.
# usage: sh check/check.sh [KEY.pem]
# KEY.pem is the organization's public key, had from the organization itself. Without it the key in the package is taken,
# which shows that the package is whole but not who made it.
set -eu
key=check/public-key.pem
[ $# -eq 0 ] || key=$(realpath "$1")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jq -r '.files[] | .sha256 + "  " + .name' manifest.json | sha256sum --quiet --strict --check -
{ jq -r '.files[].name' manifest.json; echo manifest.json; } | LC_ALL=C sort > "$work/listed"
find . ! -type d | sed 's|^\./||' | LC_ALL=C sort > "$work/here"
if added=$(comm -13 "$work/listed" "$work/here") && [ -n "$added" ]; then
  echo "Not in the manifest: $added" >&2
  exit 1
fi
{ echo cpdocs.package/1; jq -cjS 'del(.signature)' manifest.json; } > "$work/signed"
jq -r .signature.value manifest.json | openssl base64 -d -A > "$work/signature"
openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$work/signed" -sigfile "$work/signature"
[ $# -gt 0 ] || echo "Checked with the key in the package: compare it with the organization's own." >&2
