// Goal: bad input never stops a running server, and bad surroundings stop it at the start with the exit code and the
// words that DESIGN promises. Method: one row per mistake; after each hostile request the server must still count.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {access, cp, readFile, readdir, rename, rm, truncate, writeFile} from 'node:fs/promises';
import {connect, createServer} from 'node:net';
import {test} from 'node:test';
import {gzipSync} from 'node:zlib';

import grpc from '@grpc/grpc-js';

import {Application, SentSpans, exportRequest} from './lib/application.mjs';
import {call, freePort, takenPort} from './lib/http.mjs';
import {Scene} from './lib/scene.mjs';
import {Server, anyPorts, availabilitySlo, serve, slowburn} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

const exists = (file) => access(file).then(() => true, () => false);

// A config of one SLO, checkout's, in the scene's folder; `more` goes below it.
async function writeConfig(scene, more = anyPorts) {
  await scene.write('slos/checkout.yaml', availabilitySlo('checkout'));
  return scene.write('slowburn.yaml', `data_dir: data\nslos: [slos/*.yaml]\n${more}`);
}

const startOnce = (scene, config) => slowburn(['serve', '--config', config], {cwd: scene.folder});

// Sends `count` good spans and waits until they are counted.
async function sendGood(scene, server, count, before = 0) {
  const application = Application.overHttp(scene, 'checkout', new SentSpans(), server.otlpHttp);
  const now = Date.now() / 1000;
  application.requests(count, {route: '/', from: now - 1, to: now});
  await application.flush();
  assert.equal((await server.json('/ledger')).signals.traces.accepted, before + count);
}

test('a config with errors opens no port and tells them all', async (t) => {
  const scene = await Scene.open(t);
  // Were a port opened before the config is judged, this one would be in use: exit code 4.
  const port = await takenPort(scene);
  const config = await writeConfig(scene, `listen: {http: 127.0.0.1:${port}, otlp_grpc: 127.0.0.1:0, otlp_http: nowhere}
retention: 1h
comit: {mode: durable}
limits:
  request_bytes: many
forward:
  alertmanager:
    - {url: "https://alerts.example.org"}
external_labels: {"my-cluster": a}
`);
  const {code, stdout, stderr} = await startOnce(scene, config);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, '');
  for (const line of [3, 4, 5, 7, 10, 11]) {
    assert.match(stderr, new RegExp(`^${config}:${line}: .+`, 'm'), `line ${line} of:\n${stderr}`);
  }
  assert.equal(stderr.trimEnd().split('\n').length, 6, stderr);
  assert.ok(!await exists(scene.path('data')), 'a bad config made a data directory');
});

test('SLO files with errors are told the same way', async (t) => {
  const scene = await Scene.open(t);
  const config = await writeConfig(scene, `listen: {http: 127.0.0.1:${await takenPort(scene)}, ` +
    'otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0}\n');
  await scene.write('slos/checkout.yaml', availabilitySlo('checkout', {objective: '99.9'}));
  await scene.write('slos/cart.yaml', availabilitySlo('cart').replace('span.kind ==', 'span.kind ==='));
  const {code, stdout, stderr} = await startOnce(scene, config);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /checkout\.yaml:13: objective is 99\.9.*write 0\.999/);
  assert.match(stderr, /cart\.yaml:10: match: /);
  assert.ok(!await exists(scene.path('data')), 'bad SLO files made a data directory');
});

test('a config that does not exist', async (t) => {
  const scene = await Scene.open(t);
  const {code, stderr} = await startOnce(scene, scene.path('nothing.yaml'));
  assert.equal(code, 1);
  assert.match(stderr, /nothing\.yaml/);
});

test('a data directory in use', async (t) => {
  const scene = await Scene.open(t);
  const config = await writeConfig(scene);
  const server = await serve(scene, config);
  const second = await startOnce(scene, config);
  assert.equal(second.code, 3, second.stderr);
  assert.equal(second.stdout, '');
  assert.match(second.stderr, new RegExp(scene.path('data')));
  assert.ok(await server.isReady());
});

for (const name of ['http', 'otlp_grpc', 'otlp_http']) {
  test(`${name}: a port in use`, async (t) => {
    const scene = await Scene.open(t);
    const port = await takenPort(scene);
    const addresses = {http: 0, otlp_grpc: 0, otlp_http: 0, [name]: port};
    const config = await writeConfig(scene, `listen:\n${Object.entries(addresses)
      .map(([key, value]) => `  ${key}: 127.0.0.1:${value}\n`).join('')}`);
    const {code, stdout, stderr} = await startOnce(scene, config);
    assert.equal(code, 4, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}`));
  });
}

test('a data directory that cannot be made', async (t) => {
  const scene = await Scene.open(t);
  await scene.write('data', 'a file, not a folder');
  const config = await scene.write('slowburn.yaml', `data_dir: data/below\n${anyPorts}`);
  const {code, stdout, stderr} = await startOnce(scene, config);
  assert.equal(code, 6, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /data\/below/);
});

const damages = {
  'CURRENT overwritten': async (db) => writeFile(`${db}/CURRENT`, 'rubbish\n'),
  'the MANIFEST cut in half': async (db) => {
    const manifest = `${db}/${(await readFile(`${db}/CURRENT`, 'utf8')).trim()}`;
    await truncate(manifest, Math.floor((await readFile(manifest)).length / 2));
  },
  'the database gone': async (db) => rm(db, {recursive: true}),
  'an older copy of the database in its place': async (db, old) => {
    await rm(db, {recursive: true});
    await rename(old, db);
  },
};
for (const [name, damage] of Object.entries(damages)) {
  test(`a damaged store: ${name}`, async (t) => {
    const scene = await Scene.open(t);
    const config = await writeConfig(scene);
    const [db, old] = [scene.path('data/db'), scene.path('old')];
    let server = await serve(scene, config);
    await sendGood(scene, server, 10);
    assert.equal((await server.stop()).code, 0);
    await cp(db, old, {recursive: true});
    server = await serve(scene, config);
    await sendGood(scene, server, 10, 10);
    assert.equal((await server.stop()).code, 0);

    await damage(db, old);
    const before = (await readdir(scene.path('data'))).sort();
    const {code, stdout, stderr} = await startOnce(scene, config);
    assert.equal(code, 5, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(scene.path('data')));
    assert.match(stderr, /backup|aside/);
    // What is left is evidence: nothing was put in order.
    assert.deepEqual((await readdir(scene.path('data'))).sort(), before);
  });
}

test('a folder of somebody else is not taken', async (t) => {
  const scene = await Scene.open(t);
  const config = await writeConfig(scene);
  await scene.write('data/thesis.txt', 'years of work');
  const {code, stderr} = await startOnce(scene, config);
  assert.equal(code, 5, stderr);
  assert.deepEqual(await readdir(scene.path('data')), ['thesis.txt']);
});

test('an address open to the network needs insecure: true', async (t) => {
  const scene = await Scene.open(t);
  const listen = (more) => `listen: {http: 0.0.0.0:0, otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0${more}}\n`;
  const refused = await startOnce(scene, await writeConfig(scene, listen('')));
  assert.equal(refused.code, 1, refused.stderr);
  assert.match(refused.stderr, /slowburn\.yaml:3: .*insecure: true/);
  const server = await serve(scene, await writeConfig(scene, listen(', insecure: true')));
  assert.ok(server.address.startsWith('0.0.0.0:'), server.address);
});

test('a bad reload changes nothing', async (t) => {
  const scene = await Scene.open(t);
  const server = await serve(scene, await writeConfig(scene));
  await sendGood(scene, server, 10);
  const successful = 'slowburn_app_config_last_reload_successful';
  assert.equal(await server.metric(successful), 1);

  const good = availabilitySlo('checkout');
  await scene.write('slos/cart.yaml', availabilitySlo('cart'));
  await scene.write('slos/checkout.yaml', good.replace('window: 30d', 'window: 2y').replace('kind: SLO', 'kind: slo'));
  const answer = await server.reload();
  assert.equal(answer.status, 400, answer.text);
  const {status, errorType, error} = answer.json();
  assert.deepEqual({status, errorType}, {status: 'error', errorType: 'bad_data'});
  assert.match(error, /checkout\.yaml:2: kind/);
  assert.match(error, /checkout\.yaml:14: .*window/);
  assert.equal(await server.metric(successful), 0);
  const {config} = await server.json('/status');
  assert.equal(config.ok, false);
  assert.match(config.error, /checkout\.yaml:14: /);
  assert.deepEqual((await server.json('/slos')).slos.map(({id}) => id), ['checkout/availability']);
  await sendGood(scene, server, 10, 10);
  const goodEvents = 'slowburn_slo_events_total{service="checkout",slo="availability",outcome="good"}';
  assert.equal(await server.metric(goodEvents), 20);

  await scene.write('slos/checkout.yaml', good);
  assert.equal((await server.reload()).status, 200);
  assert.equal(await server.metric(successful), 1);
  const {slos} = await server.json('/slos');
  assert.deepEqual(slos.map(({id}) => id).sort(), ['cart/availability', 'checkout/availability']);
  assert.equal(slos.find(({service}) => service === 'checkout').groups[0].good, 20);

  // The signal does the same.
  await rm(scene.path('slos/cart.yaml'));
  server.program.signal('SIGHUP');
  await until('SIGHUP reloads', async () => (await server.json('/slos')).slos.length === 1, {seconds: 10});
});

const limit = 1 << 20;
const protobuf = {'Content-Type': 'application/x-protobuf'};
const gzip = {...protobuf, 'Content-Encoding': 'gzip'};
const whole = exportRequest('checkout', 20);
// Random, but never by chance a message: its first tag has no end.
const noise = Buffer.concat([Buffer.alloc(11, 0xff), randomBytes(4096)]);

// An attribute whose value is a list in a list in a list ...: AnyValue.array_value (5), ArrayValue.values (1).
function nested(depth) {
  const delimited = (field, bytes) => {
    const size = [];
    for (let rest = bytes.length; ; rest >>>= 7) {
      size.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    return Buffer.concat([Buffer.from([(field << 3) | 2, ...size]), bytes]);
  };
  let value = Buffer.alloc(0);
  for (let i = 0; i < depth; ++i) value = delimited(5, delimited(1, value));
  const attribute = Buffer.concat([delimited(1, Buffer.from('service.name')), delimited(2, value)]);
  return delimited(1, delimited(1, delimited(1, attribute)));
}

// [name, headers, body, status, why the ledger has it as refused (undefined: it is not)]
const hostileRequests = [
  ['random bytes', protobuf, noise, 400, 'undecodable'],
  ['a request cut short', protobuf, whole.subarray(0, whole.length - 7), 400, 'undecodable'],
  ['bytes that are no gzip', gzip, randomBytes(4096), 400, 'undecodable'],
  ['a gzip cut short', gzip, gzipSync(whole).subarray(0, 60), 400, 'undecodable'],
  ['gzip of random bytes', gzip, gzipSync(noise), 400, 'undecodable'],
  ['a gzip bomb', gzip, gzipSync(Buffer.alloc(256 << 20)), 413, 'too_large'],
  ['too many bytes', protobuf, Buffer.alloc(limit + 1), 413, 'too_large'],
  ['another content type', {'Content-Type': 'text/plain'}, whole, 415, 'unsupported'],
  ['JSON cut short', {'Content-Type': 'application/json'}, '{"resourceSpans":[', 400, 'undecodable'],
  ['another encoding', {...protobuf, 'Content-Encoding': 'br'}, whole, 415, 'unsupported'],
  ['nothing', protobuf, Buffer.alloc(0), 200],
];

// Sends raw bytes to a port and resolves with what comes back until the other side closes.
function sendRaw(address, bytes) {
  const [host, port] = address.replace('http://', '').split(':');
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), host, () => socket.end(bytes));
    socket.setTimeout(20_000, () => socket.destroy(new Error('the server kept the connection open')));
    socket.on('data', (data) => { answer += data.toString('latin1'); });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? undefined : reject(error)));
  });
}

// One unary call with `bytes` as its message: the status code.
function callGrpc(client, method, bytes) {
  return new Promise((resolve) => {
    client.makeUnaryRequest(method, (message) => message, (answer) => answer, bytes,
      {deadline: Date.now() + 20_000}, (error) => resolve(error?.code ?? grpc.status.OK));
  });
}

test('hostile bytes', {timeout: 200_000}, async (t) => {
  const scene = await Scene.open(t);
  const server = await serve(scene, await writeConfig(scene, `${anyPorts}limits: {request_bytes: 1MiB}\n`));
  const traces = `${server.otlpHttp}/v1/traces`;
  const refused = {};
  let accepted = 0;
  // One more refused request is in the ledger, which learns of those each second.
  const book = async (why) => {
    refused[why] = (refused[why] ?? 0) + 1;
    await until(`the ledger books it as ${why}`, async () => {
      assert.deepEqual((await server.json('/ledger')).refused_requests, refused);
      return true;
    }, {seconds: 10});
  };
  // The server lives and goes on counting.
  const stillCounts = async () => {
    assert.ok(await server.isReady());
    await sendGood(scene, server, 1, accepted++);
  };

  for (const [name, headers, body, status, why] of hostileRequests) {
    await t.test(`HTTP: ${name}`, async () => {
      const answer = await call(traces, {method: 'POST', headers, body});
      assert.equal(answer.status, status, answer.text);
      const want = headers['Content-Type'] === 'application/json' ? 'application/json' : 'application/x-protobuf';
      assert.equal(answer.headers.get('content-type'), want);
      if (why !== undefined) await book(why);
      await stillCounts();
    });
  }

  await t.test('HTTP: attributes nested ten thousand deep', async () => {
    const answer = await call(traces, {method: 'POST', headers: protobuf, body: nested(10_000)});
    assert.ok(answer.status === 200 || answer.status === 400, `${answer.status}`);
    if (answer.status === 400) await book('undecodable');
    await stillCounts();
  });

  await t.test('HTTP: profiles are not taken', async () => {
    const url = `${server.otlpHttp}/v1development/profiles`;
    const answer = await call(url, {method: 'POST', headers: protobuf, body: whole});
    assert.equal(answer.status, 404, answer.text);
    await book('unsupported');
    await stillCounts();
  });

  await t.test('HTTP: another method', async () => {
    assert.equal((await call(traces)).status, 405);
    await book('unsupported');
    await stillCounts();
  });

  await t.test('bytes that are no HTTP', async () => {
    await sendRaw(server.address, noise);
    await sendRaw(server.otlpGrpc, noise);
    assert.match(await sendRaw(server.otlpHttp, noise), /^HTTP\/1\.1 400 /);
    await book('undecodable');
    await stillCounts();
  });

  const client = new grpc.Client(server.otlpGrpc, grpc.credentials.createInsecure());
  t.after(() => client.close());
  const service = (signal, name) => `/opentelemetry.proto.collector.${signal}.v1.${name}Service/Export`;
  const calls = [
    ['profiles', service('profiles', 'Profiles'), Buffer.alloc(0), grpc.status.UNIMPLEMENTED, 'unsupported'],
    ['a message cut short', service('trace', 'Trace'), whole.subarray(0, whole.length - 7),
      grpc.status.INVALID_ARGUMENT, 'undecodable'],
    ['too many bytes', service('trace', 'Trace'), Buffer.alloc(limit + 1), grpc.status.RESOURCE_EXHAUSTED, 'too_large'],
    ['an empty message', service('trace', 'Trace'), Buffer.alloc(0), grpc.status.OK],
  ];
  for (const [name, method, bytes, code, why] of calls) {
    await t.test(`gRPC: ${name}`, async () => {
      assert.equal(await callGrpc(client, method, bytes), code);
      if (why !== undefined) await book(why);
      await stillCounts();
    });
  }

  await t.test('the same over gRPC is still good data', async () => {
    const application = Application.overGrpc(scene, 'checkout', new SentSpans(), server.otlpGrpc);
    const now = Date.now() / 1000;
    application.requests(7, {route: '/', from: now - 1, to: now});
    await application.flush();
    accepted += 7;
    const ledger = await server.json('/ledger');
    assert.equal(ledger.signals.traces.accepted, accepted);
    assert.equal(ledger.signals.traces.decoded, accepted);
    assert.deepEqual(ledger.refused_requests, refused);
    assert.equal(ledger.imbalance, 0);
    assert.deepEqual(await server.stop(), {code: 0, signal: null});
  });
});

test('a port that was free is the one that is opened', async (t) => {
  const scene = await Scene.open(t);
  const port = await freePort();
  const server = await serve(scene, await writeConfig(scene,
    `listen: {http: 127.0.0.1:${port}, otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0}\n`));
  assert.equal(server.address, `127.0.0.1:${port}`);
  assert.equal((await server.json('/status')).listen.http, server.address);
});

// Connects to an address like 127.0.0.1:4317 and leaves it at that, or writes `text`.
function holdOpen(scene, address, {text = '', from} = {}) {
  const [host, port] = address.replace('http://', '').split(':');
  const socket = connect({host, port: Number(port), localAddress: from});
  scene.atEnd(() => socket.destroy());
  socket.on('error', () => {}).write(text);
  return new Promise((resolve) => { socket.once('connect', () => resolve(socket)).once('close', () => resolve(socket)); });
}

test('few descriptors: who is idle makes room for who sends', async (t) => {
  const scene = await Scene.open(t);
  const config = await writeConfig(scene);
  const server = await Server.begin(scene, ['serve', '--config', config],
    {cwd: scene.folder, under: ['prlimit', '--nofile=128:128']});
  assert.match(server.program.stderr, /too few descriptors .*connections=21 wanted=4096 descriptors=128/);
  for (const address of [server.otlpHttp, server.otlpGrpc, server.address]) {
    await Promise.all(Array.from({length: 200}, () => holdOpen(scene, address, {from: '127.0.0.2'})));
  }
  for (let i = 0; i < 20; ++i) {
    const {status} = await call(`${server.otlpHttp}/v1/traces`,
      {method: 'POST', headers: {'content-type': 'application/json', connection: 'close'}, body: '{}'});
    assert.equal(status, 200);
  }
  await sendGood(scene, server, 5);
  assert.equal(await server.metric('slowburn_net_accept_errors_total{listener="otlp_http"}'), 0);
});

test('a stop ends every listener at once', async (t) => {
  const scene = await Scene.open(t);
  const server = await serve(scene, await writeConfig(scene));
  const refuses = (address) => new Promise((resolve) => {
    const [host, port] = address.split(':');
    const socket = connect({host, port: Number(port)}, () => { socket.destroy(); resolve(false); });
    socket.on('error', () => resolve(true));
  });
  // A request that never ends: this listener has to wait until its patience is over.
  const stuck = await holdOpen(scene, server.otlpHttp,
    {text: 'POST /v1/traces HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{'});
  await until('the request is being read', async () =>
    await server.metric('slowburn_net_connections{listener="otlp_http"}') === 1);
  let isClosed = false;
  stuck.on('close', () => { isClosed = true; }).resume();
  const ended = server.stop();
  await until('gRPC takes nobody any more', () => refuses(server.otlpGrpc), {everyMs: 20});
  assert.ok(!isClosed, 'gRPC went on until the listener before it had ended');
  stuck.destroy();
  assert.deepEqual(await ended, {code: 0, signal: null});
});

test('a stop gives all downstreams together five seconds', async (t) => {
  const scene = await Scene.open(t);
  // Takes connections and says nothing. One after the other, eight would take longer than stop() waits.
  const hole = createServer((socket) => { scene.atEnd(() => socket.destroy()); socket.on('error', () => {}); });
  await new Promise((resolve) => { hole.listen(0, '127.0.0.1', resolve); });
  scene.atEnd(() => hole.close());
  const downstreams = Array.from({length: 8}, (_, i) =>
    `    - {name: hole${i}, endpoint: "http://127.0.0.1:${hole.address().port}", signals: [traces]}\n`);
  const server = await serve(scene, await writeConfig(scene, `${anyPorts}forward:\n  otlp:\n${downstreams.join('')}`));
  await sendGood(scene, server, 3);
  assert.equal((await server.json('/ledger')).downstreams.hole7.pending, 3);
  assert.deepEqual(await server.stop(), {code: 0, signal: null});
});
