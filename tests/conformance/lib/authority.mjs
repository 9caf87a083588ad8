// Certificates for a test, made with openssl.
import assert from 'node:assert/strict';
import {readFile, rename} from 'node:fs/promises';

import {run} from '../../e2e/lib/process.mjs';

async function openssl(scene, ...args) {
  const {code, stderr} = await run('openssl', args, {cwd: scene.folder});
  assert.equal(code, 0, stderr);
}

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

class Authority {
  constructor(scene, ca) {
    this.scene = scene;
    this.ca = ca;
    this.file = scene.path('ca.pem');
  }

  // NAME.pem and NAME.key; files that exist are replaced whole, the key first.
  async issue(name, names, {client = false} = {}) {
    await this.scene.write(`${name}.ext`,
      `subjectAltName=${names.join(',')}\nextendedKeyUsage=${client ? 'clientAuth' : 'serverAuth'}\n`);
    await openssl(this.scene, 'req', ...key, '-keyout', 'new.key', '-out', 'new.csr', '-subj', `/CN=${name}`);
    await openssl(this.scene, 'x509', '-req', '-in', 'new.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
      '-days', '2', '-extfile', `${name}.ext`, '-out', 'new.pem');
    await rename(this.scene.path('new.key'), this.scene.path(`${name}.key`));
    await rename(this.scene.path('new.pem'), this.scene.path(`${name}.pem`));
  }

  async pair(name) {
    return {cert: await readFile(this.scene.path(`${name}.pem`)), key: await readFile(this.scene.path(`${name}.key`))};
  }
}

export async function makeAuthority(scene) {
  await openssl(scene, 'req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test', '-days', '2');
  return new Authority(scene, await readFile(scene.path('ca.pem')));
}
