// Goal: who may not, cannot: TLS, client certificates, tokens, passwords and roles on every listener, and pages of
// other origins. Method: the built program with certificates made for the test; every kind of caller on every kind of
// route; files that change while it runs.
import assert from 'node:assert/strict';
import {createHash, randomBytes} from 'node:crypto';
import {rename, writeFile} from 'node:fs/promises';
import http2 from 'node:http2';
import https from 'node:https';
import {test} from 'node:test';
import tls from 'node:tls';

import {exportPath} from './lib/clients.mjs';
import {encodeRequest} from './lib/schema.mjs';
import {span, traces} from './lib/telemetry.mjs';
import {makeAuthority} from './lib/authority.mjs';
import {call} from '../e2e/lib/http.mjs';
import {missing} from '../e2e/lib/peers.mjs';
import {run} from '../e2e/lib/process.mjs';
import {Scene} from '../e2e/lib/scene.mjs';
import {anyPorts, binary, serve, slowburn} from '../e2e/lib/slowburn.mjs';
import {until} from '../e2e/lib/until.mjs';

const skip = missing('openssl');
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const tokens = {read: `read-${randomBytes(16).toString('hex')}`, write: `write-${randomBytes(16).toString('hex')}`,
  admin: `admin-${randomBytes(16).toString('hex')}`};

async function open(t, {config = '', access} = {}) {
  const scene = await Scene.open(t);
  const authority = await makeAuthority(scene);
  await authority.issue('server', ['DNS:localhost', 'IP:127.0.0.1']);
  await authority.issue('client', ['DNS:collector.example.org'], {client: true});
  if (access !== undefined) await writeFile(await scene.write('access.txt', access), access, {mode: 0o600});
  const server = await serve(scene, await scene.write('slowburn.yaml', `data_dir: data\n${config}`));
  return {scene, authority, server};
}

const tlsConfig = (more = '') =>
  `listen: {http: 127.0.0.1:0, otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0, tls: {cert: server.pem, key: server.key${more}}}\n`;

// One HTTPS request; its status and headers.
function request(url, options, body) {
  return new Promise((resolve, reject) => {
    const sent = https.request(url, {agent: false, ...options}, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve(
        {status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString()}));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

// The gRPC status of one Export over TLS.
function grpcExport(server, options, headers = {}) {
  return new Promise((resolve, reject) => {
    const session = http2.connect(`https://${server.otlpGrpc}`, options);
    session.on('error', reject);
    const stream = session.request(
      {':method': 'POST', ':path': exportPath('traces'), 'content-type': 'application/grpc', te: 'trailers', ...headers});
    let status;
    const note = (given) => { status = given['grpc-status'] ?? status; };
    stream.on('response', note).on('trailers', note).on('error', reject).resume();
    stream.on('close', () => { session.close(); resolve(Number(status)); });
    const message = encodeRequest('traces', traces(span()));
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}

const https4318 = (server) => server.otlpHttp.replace('http://', 'https://');
const post = {method: 'POST', headers: {'content-type': 'application/x-protobuf'}};

test('H22: TLS on every listener', {skip}, async (t) => {
  const {authority, server} = await open(t, {config: tlsConfig()});
  const {ca} = authority;
  assert.equal((await request(`https://${server.address}/-/ready`, {ca})).status, 200);
  assert.equal((await request(`${https4318(server)}/v1/traces`, {ca, ...post}, encodeRequest('traces', traces(span())))).status, 200);
  assert.equal(await grpcExport(server, {ca}), 0);
  await assert.rejects(request(`https://${server.address}/`, {}), /certificate/);
  await assert.rejects(request(`https://${server.address}/`, {ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0'}));
  await assert.rejects(call(`http://${server.address}/`), 'plaintext on a TLS port');
  const shown = await slowburn(['slo', 'list', '--server', `https://localhost:${server.address.split(':')[1]}`, '--ca', authority.file]);
  assert.equal(shown.code, 0, shown.stderr);
});

test('client certificates', {skip}, async (t) => {
  const {authority, server} = await open(t, {config: tlsConfig(', client_ca: ca.pem')});
  const {ca} = authority;
  const mine = {ca, ...await authority.pair('client')};
  assert.equal((await request(`https://${server.address}/-/ready`, mine)).status, 200);
  assert.equal(await grpcExport(server, mine), 0);
  await assert.rejects(request(`https://${server.address}/-/ready`, {ca}), 'without a certificate');
  await assert.rejects(grpcExport(server, {ca}), 'without a certificate');
  const stranger = await makeAuthority(await Scene.open(t));
  await stranger.issue('client', ['DNS:collector.example.org'], {client: true});
  await assert.rejects(request(`https://${server.address}/-/ready`, {ca, ...await stranger.pair('client')}),
    'a certificate of another authority');
});

test('a new certificate is in force without dropping a connection', {skip}, async (t) => {
  const {scene, authority, server} = await open(t, {config: tlsConfig()});
  const {ca} = authority;
  const [host, port] = server.address.split(':');
  const serialNow = () => new Promise((resolve, reject) => {
    const socket = tls.connect({host, port: Number(port), ca}, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
  const agent = new https.Agent({keepAlive: true, maxSockets: 1, ca});
  scene.atEnd(() => agent.destroy());
  const first = await serialNow();
  assert.equal((await request(`https://${server.address}/-/ready`, {agent})).status, 200);
  await authority.issue('server', ['DNS:localhost', 'IP:127.0.0.1']);
  await until('the new certificate is served', async () => (await serialNow()) !== first);
  // The connection from before still works.
  assert.equal((await request(`https://${server.address}/-/ready`, {agent})).status, 200);
  assert.equal(Object.values(agent.freeSockets).flat().length, 1);
  // Nonsense in the file changes nothing.
  const second = await serialNow();
  await scene.write('server.pem', 'nonsense');
  await until('the bad file was noticed', async () => server.program.stderr.includes('not taken'));
  assert.equal(await serialNow(), second);
});

const access = `# who may do what
reader     read         sha256:${sha256(tokens.read)}
writer     write        sha256:${sha256(tokens.write)}
operator   admin        sha256:${sha256(tokens.admin)}
alice      read,write   $2y$04$abcdefghijklmnopqrstuuL4B9Zb6vC4gQW3m8JwK9xPzT7rYqk2G
collector  write        cert:collector.example.org
`;

// Role -> what each route of a kind answers it.
const routes = [
  {path: '/-/healthy', api: true, want: {none: 200, read: 200, write: 200, admin: 200}},
  {path: '/-/ready', api: true, want: {none: 200, read: 200, write: 200, admin: 200}},
  {path: '/metrics', api: true, want: {none: 401, read: 200, write: 403, admin: 200}},
  {path: '/', api: true, want: {none: 401, read: 200, write: 403, admin: 200}},
  {path: '/api/slo/v1/slos', api: true, want: {none: 401, read: 200, write: 403, admin: 200}},
  {path: '/api/slo/v1/ledger', api: true, want: {none: 401, read: 200, write: 403, admin: 200}},
  {path: '/api/slo/v1/exclusions', api: true, want: {none: 401, read: 200, write: 403, admin: 200}},
  {path: '/api/slo/v1/exclusions', api: true, method: 'POST', want: {none: 401, read: 403, write: 403, admin: 400}},
  {path: '/api/slo/v1/exclusions', api: true, method: 'DELETE', want: {none: 401, read: 403, write: 403, admin: 400}},
  {path: '/api/slo/v1/exclusions/none', api: true, method: 'DELETE', want: {none: 401, read: 403, write: 403, admin: 404}},
  {path: '/api/v1/query?query=1', api: true, want: {none: 401, read: 200, write: 403, admin: 200}},
  {path: '/federate?match[]=up', api: true, want: {none: 401, read: 200, write: 403, admin: 200}},
  {path: '/api/v1/write', api: true, method: 'POST', want: {none: 401, read: 403, write: 400, admin: 400}},
  {path: '/api/slo/v1/backups', api: true, want: {none: 401, read: 409, write: 403, admin: 409}},
  {path: '/api/slo/v1/backups', api: true, method: 'POST', want: {none: 401, read: 403, write: 403, admin: 409}},
  {path: '/-/reload', api: true, method: 'POST', want: {none: 401, read: 403, write: 403, admin: 200}},
  {path: '/v1/traces', method: 'POST', want: {none: 401, read: 403, write: 200, admin: 200}},
  {path: '/v1/metrics', method: 'POST', want: {none: 401, read: 403, write: 200, admin: 200}},
  {path: '/v1/logs', method: 'POST', want: {none: 401, read: 403, write: 200, admin: 200}},
];

test('every route asks for its role', {skip}, async (t) => {
  const {server} = await open(t, {config: `${anyPorts}auth: {file: access.txt}\n`, access});
  const body = {'content-type': 'application/x-protobuf'};
  for (const {path, api, method = 'GET', want} of routes) {
    for (const [role, status] of Object.entries(want)) {
      await t.test(`${path} as ${role}`, async () => {
        const headers = {...(api ? {} : body), ...(role === 'none' ? {} : {authorization: `Bearer ${tokens[role]}`})};
        const answer = await call((api ? server.url : server.otlpHttp) + path, {method, headers});
        assert.equal(answer.status, status, answer.text);
        if (status === 401) assert.match(answer.headers.get('www-authenticate'), /Bearer/);
        assert.doesNotMatch(answer.text, new RegExp(Object.values(tokens).join('|')));
      });
    }
  }
});

test('G10: gRPC asks for the role too', {skip}, async (t) => {
  const {authority, server} = await open(t,
    {config: `${tlsConfig(', client_ca: ca.pem, client_auth: optional')}auth: {file: access.txt}\n`, access});
  const {ca} = authority;
  assert.equal(await grpcExport(server, {ca}), 16);
  assert.equal(await grpcExport(server, {ca}, {authorization: 'Bearer nonsense'}), 16);
  assert.equal(await grpcExport(server, {ca}, {authorization: `Bearer ${tokens.read}`}), 7);
  assert.equal(await grpcExport(server, {ca}, {authorization: `Bearer ${tokens.write}`}), 0);
  assert.equal(await grpcExport(server, {ca, ...await authority.pair('client')}), 0);
});

test('a changed credentials file is in force, a broken one is not', {skip}, async (t) => {
  const {scene, server} = await open(t, {config: `${anyPorts}auth: {file: access.txt}\n`, access});
  const ask = async (token) => (await call(`${server.url}/metrics`, {headers: {authorization: `Bearer ${token}`}})).status;
  assert.equal(await ask('rotated'), 401);
  await scene.write('access.new', `reader read sha256:${sha256('rotated')}\n`);
  await rename(scene.path('access.new'), scene.path('access.txt'));
  await until('the new token is known', async () => (await ask('rotated')) === 200);
  assert.equal(await ask(tokens.read), 401);
  await scene.write('access.txt', 'reader read plaintext-secret\n');
  await until('the bad file was noticed', async () => server.program.stderr.includes('not taken'));
  assert.equal(await ask('rotated'), 200);
  assert.ok(!server.program.stderr.includes('plaintext-secret'), 'a secret is in the log');
});

test('the commands send a token', {skip}, async (t) => {
  const {scene, server} = await open(t, {config: `${anyPorts}auth: {file: access.txt}\n`, access});
  const without = await slowburn(['ledger', '--server', server.url]);
  assert.equal(without.code, 1);
  assert.match(without.stderr, /--token-file/);
  const file = await scene.write('token', `${tokens.read}\n`);
  const shown = await slowburn(['ledger', '--server', server.url, '--token-file', file]);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /SIGNAL +DECODED/);
});

test('secrets stay secret', {skip}, async (t) => {
  const {server} = await open(t, {config: `${anyPorts}auth: {file: access.txt}\n`, access});
  await call(`${server.url}/metrics?token=${tokens.admin}`, {headers: {authorization: `Bearer ${tokens.admin}`}});
  const shown = [];
  for (const path of ['/metrics', '/api/slo/v1/status', '/api/slo/v1/ledger', '/', '/nonsense']) {
    shown.push((await call(server.url + path, {headers: {authorization: `Bearer ${tokens.admin}`}})).text);
  }
  await server.stop();
  shown.push(server.program.stderr, server.program.stdout);
  for (const secret of [...Object.values(tokens), ...Object.values(tokens).map(sha256)]) {
    assert.ok(shown.every((text) => !text.includes(secret)));
  }
});

test('H19: pages of other origins', async (t) => {
  const scene = await Scene.open(t);
  const server = await serve(scene, await scene.write('slowburn.yaml', `data_dir: data
listen: {http: 127.0.0.1:0, otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0, cors: {origins: ["https://*.example.org"]}}
`));
  const preflight = (origin) => call(`${server.otlpHttp}/v1/traces`, {method: 'OPTIONS', headers: {
    origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type'}});
  const allowed = await preflight('https://shop.example.org');
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://shop.example.org');
  for (const origin of ['https://example.com', 'http://shop.example.org', 'https://shop.example.org.evil.com', 'null']) {
    assert.equal((await preflight(origin)).headers.get('access-control-allow-origin'), null, origin);
  }
  const sent = await call(`${server.otlpHttp}/v1/traces`, {method: 'POST', body: JSON.stringify(traces(span())),
    headers: {origin: 'https://shop.example.org', 'content-type': 'application/json'}});
  assert.equal(sent.status, 200);
  assert.equal(sent.headers.get('access-control-allow-origin'), 'https://shop.example.org');
});

test('H19: off by default', async (t) => {
  const scene = await Scene.open(t);
  const server = await serve(scene, await scene.write('slowburn.yaml', `data_dir: data\n${anyPorts}`));
  const answer = await call(`${server.otlpHttp}/v1/traces`, {method: 'OPTIONS', headers: {
    origin: 'https://shop.example.org', 'access-control-request-method': 'POST'}});
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get('access-control-allow-origin'), null);
});

test('a page of another origin administers nothing, without logins too', async (t) => {
  const scene = await Scene.open(t);
  const server = await serve(scene, await scene.write('slowburn.yaml', `data_dir: data\nbackup: {directory: backups}\n${anyPorts}`));
  const excluded = JSON.stringify({slos: ['shop/*'], start: new Date().toISOString(), duration: '2h', description: 'quiet'});
  for (const [path, body] of [['/-/reload', ''], ['/api/slo/v1/exclusions', excluded], ['/api/slo/v1/backups', '']]) {
    // As a form sends it, without asking first.
    const send = (origin) => call(server.url + path, {method: 'POST', body, headers: {'content-type': 'text/plain', ...origin}});
    assert.equal((await send({origin: 'https://evil.example.org'})).status, 403, path);
    assert.equal((await send({origin: server.url})).status < 300, true, path);
    assert.equal((await send({})).status < 300 || path.endsWith('backups'), true, path);
  }
  const {exclusions} = await server.json('/exclusions');
  assert.equal(exclusions.length, 2);
});

test('H22: an open address without locks does not start', async (t) => {
  const scene = await Scene.open(t);
  const config = await scene.write('slowburn.yaml', 'data_dir: data\nlisten: {otlp_http: 0.0.0.0:0}\n');
  const {code, stderr} = await run(binary, ['serve', '--config', config]);
  assert.equal(code, 1);
  assert.match(stderr, /slowburn\.yaml:2: .*without TLS/);
});
