// Goal: connections are used as OTLP clients use them, and a request that is sent again is counted once. Method: raw
// HTTP/1.1 and HTTP/2 against the built program, which is killed and restarted where that is the point.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import {test} from 'node:test';

import {GrpcClient, HttpClient, clientsOf, compress, exportPath} from './lib/clients.mjs';
import {encodeRequest, field} from './lib/schema.mjs';
import {cumulative, gauge, histogram, log, logs, now, point, span, sum, traces} from './lib/telemetry.mjs';
import {call} from '../e2e/lib/http.mjs';
import {Scene} from '../e2e/lib/scene.mjs';
import {anyPorts, serve, slowburn} from '../e2e/lib/slowburn.mjs';
import {until} from '../e2e/lib/until.mjs';

const open = async (t, more = '') => {
  const scene = await Scene.open(t);
  const config = await scene.write('slowburn.yaml', `data_dir: data\n${anyPorts}${more}`);
  return {scene, config, server: await serve(scene, config)};
};

// Sends `parts` one after the other, each once the answer to the one before has come; all that came back.
async function exchange(address, parts) {
  const [host, port] = address.replace('http://', '').split(':');
  const socket = net.connect(Number(port), host);
  let answers = '';
  let arrived;
  socket.on('data', (chunk) => { answers += chunk; arrived?.(); });
  socket.on('close', () => arrived?.());
  for (const [part, awaited] of parts) {
    socket.write(part);
    const before = answers.length;
    while (!answers.slice(before).includes(awaited) && !socket.destroyed) {
      await new Promise((resolve) => { arrived = resolve; });
    }
  }
  socket.destroy();
  return answers;
}

const post = (headers, path = '/v1/traces') =>
  `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-protobuf\r\n${headers}\r\n`;

test('H15: keep-alive, chunked bodies and Expect', async (t) => {
  const {server} = await open(t);
  const body = encodeRequest('traces', traces(span()));
  const other = encodeRequest('traces', traces(span()));
  const third = encodeRequest('traces', traces(span()));
  const chunk = Buffer.concat([Buffer.from(`${other.length.toString(16)};x=y\r\n`), other, Buffer.from('\r\n0\r\n\r\n')]);
  const answers = await exchange(server.otlpHttp, [
    [Buffer.concat([Buffer.from(post(`Content-Length: ${body.length}\r\n`)), body]), 'HTTP/1.1 200'],
    [Buffer.concat([Buffer.from(post('Transfer-Encoding: chunked\r\n')), chunk]), 'HTTP/1.1 200'],
    [post(`Expect: 100-continue\r\nContent-Length: ${third.length}\r\n`), 'HTTP/1.1 100'],
    [third, 'HTTP/1.1 200'],
  ]);
  assert.equal(answers.match(/HTTP\/1\.1 200/g).length, 3);
  assert.equal((await server.json('/ledger')).signals.traces.accepted, 3);
});

test('H15: what cannot be taken gets no 100 Continue', async (t) => {
  const {server} = await open(t);
  const answers = await exchange(server.otlpHttp, [
    [post('Expect: 100-continue\r\nContent-Length: 9000000000\r\n'), 'HTTP/1.1 4']]);
  assert.match(answers, /^HTTP\/1\.1 413/);
});

// A connection on which `part` was sent, and no more yet.
async function begun(scene, address, part) {
  const [host, port] = address.replace('http://', '').split(':');
  const socket = net.connect(Number(port), host);
  scene.atEnd(() => socket.destroy());
  socket.on('error', () => {});
  await new Promise((resolve) => socket.write(part, resolve));
  return socket;
}

test('G4, G6, G7, H9, E15: what finds no room is told to come again, and then it is taken', {timeout: 60_000}, async (t) => {
  const {scene, server} = await open(t, 'limits: {in_flight_bytes: 1MiB, request_bytes: 200KiB}\n');
  const clients = clientsOf(server);
  scene.atEnd(() => clients.grpc.close());
  const sendAll = async () => {
    const answers = [];
    for (const client of Object.values(clients)) {
      answers.push({name: client.name, ...await client.send('traces', traces(span({name: 'x'.repeat(150_000)})))});
    }
    return answers;
  };
  // Requests whose last byte does not come hold what there is.
  const head = post(`Content-Length: ${200 << 10}\r\n`);
  const held = await Promise.all(Array.from({length: 5}, () => begun(scene, server.otlpHttp,
    Buffer.concat([Buffer.from(head), Buffer.alloc((200 << 10) - 1)]))));

  const refused = await until('there is no room', async () => {
    const answers = await sendAll();
    return answers.every(({outcome}) => outcome !== 'ok') && answers;
  });
  for (const {name, outcome, status, headers, details, retrySeconds} of refused) {
    assert.equal(outcome, 'UNAVAILABLE', name);
    if (name !== 'grpc') {
      assert.equal(status, 503);
      const seconds = Number(headers.get('retry-after'));
      assert.ok(seconds >= 1 && seconds <= 30, `Retry-After: ${headers.get('retry-after')}`);
    }
    if (name === 'http-json') continue;  // the details are protobuf's Any
    assert.deepEqual(details, ['RetryInfo'], name);
    assert.ok(retrySeconds > 0 && retrySeconds <= 30, `${name}: ${retrySeconds} s`);
  }
  const before = (await server.json('/ledger')).signals.traces.accepted;
  for (const socket of held) socket.destroy();
  const taken = await until('there is room again', async () => {
    const answers = await sendAll();
    return answers.every(({outcome}) => outcome === 'ok') && answers;
  });
  const {signals, imbalance} = await server.json('/ledger');
  assert.ok(signals.traces.accepted >= before + taken.length);
  assert.equal(imbalance, 0);
});

test('E16: headers and bodies that do not come are not waited for', {timeout: 60_000}, async (t) => {
  const {scene, server} = await open(t, 'limits: {header_timeout: 1s, body_timeout: 1s}\n');
  const ended = (socket) => new Promise((resolve) => {
    let answer = '';
    socket.on('data', (bytes) => { answer += bytes; });
    socket.on('close', () => resolve(answer));
  });
  const started = Date.now();
  const [headers, whole, preface] = await Promise.all([
    begun(scene, server.otlpHttp, 'POST /v1/traces HTTP/1.1\r\nHost: h\r\nX: y').then(ended),
    begun(scene, server.otlpHttp, `${post('Content-Length: 100\r\n')}some`).then(ended),
    begun(scene, server.otlpGrpc, 'PRI * HTTP/2.0\r\n').then(ended),
  ]);
  assert.ok(Date.now() - started < 15_000);
  assert.match(headers, /^(HTTP\/1\.1 408|$)/);
  assert.match(whole, /^HTTP\/1\.1 408/);
  assert.doesNotMatch(preface, /HTTP\/1\.1 200/);
  const client = new HttpClient('http-json', server, 'application/json');
  assert.equal((await client.send('traces', traces(span()))).outcome, 'ok');
});

test('R3: a request may have 64 MiB when nothing else is said', {timeout: 60_000}, async (t) => {
  const {scene, server} = await open(t);
  const limit = 64 << 20;
  const clients = clientsOf(server);
  scene.atEnd(() => clients.grpc.close());
  for (const name of ['http-protobuf', 'grpc']) {
    // An unknown field: tag and length take five bytes.
    const ofSize = (bytes) => field(15, 2, Buffer.alloc(bytes - 5));
    assert.equal(ofSize(limit).length, limit);
    assert.equal((await clients[name].send('traces', ofSize(limit))).outcome, 'ok', name);
    const over = await clients[name].send('traces', ofSize(limit + 1));
    assert.deepEqual([over.outcome, over.details], ['RESOURCE_EXHAUSTED', []], name);
  }
});

// Takes a port that somebody else may have, so that the server cannot have it either way.
function occupy(scene, port) {
  return new Promise((resolve) => {
    const holder = net.createServer();
    holder.on('error', resolve);
    holder.listen(port, '127.0.0.1', () => { scene.atEnd(() => new Promise((closed) => holder.close(closed))); resolve(); });
  });
}

test('G1, H2: the ports are 4317 and 4318 when nothing else is said', async (t) => {
  const scene = await Scene.open(t);
  for (const [port, listen] of [[4317, 'http: 127.0.0.1:0, otlp_http: 127.0.0.1:0'], [4318, 'http: 127.0.0.1:0, otlp_grpc: 127.0.0.1:0']]) {
    await occupy(scene, port);
    const config = await scene.write('slowburn.yaml', `data_dir: data\nlisten: {${listen}}\n`);
    const {code, stderr} = await slowburn(['serve', '--config', config]);
    assert.equal(code, 4, stderr);
    assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}`));
  }
});

test('H16, H17: each port speaks one protocol', async (t) => {
  const {server} = await open(t);
  // HTTP/2 where HTTP/1.1 is spoken: clients fall back.
  assert.match(await exchange(server.otlpHttp, [['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\r\n\r\n']]), /^HTTP\/1\.1 [45]\d\d /);
  // HTTP/1.1 where gRPC is spoken.
  const body = encodeRequest('traces', traces(span()));
  const request = Buffer.concat([Buffer.from(post(`Content-Length: ${body.length}\r\n`)), body]);
  assert.doesNotMatch(await exchange(server.otlpGrpc, [[request, 'never']]), /HTTP\/1\.1 200/);
  assert.equal((await server.json('/ledger')).signals.traces.decoded, 0);
});

test('smuggling: a length and chunks together are refused', async (t) => {
  const {server} = await open(t);
  const answers = await exchange(server.otlpHttp, [
    [post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n') + '0\r\n\r\n', 'HTTP/1.1 400']]);
  assert.match(answers, /Connection: close/i);
});

test('H11, H12, E9: two fields Content-Encoding are one list', async (t) => {
  const {server} = await open(t);
  const once = compress('gzip', encodeRequest('traces', traces(span())));
  const twice = compress('gzip', once);
  const send = (body, ...codings) => exchange(server.otlpHttp, [[Buffer.concat([Buffer.from(post(
    codings.map((coding) => `Content-Encoding: ${coding}\r\n`).join('') + `Content-Length: ${body.length}\r\n`)), body]),
  'HTTP/1.1 ']]);
  assert.match(await send(once, 'identity', 'gzip'), /^HTTP\/1\.1 200/);
  assert.match(await send(twice, 'gzip', 'gzip'), /^HTTP\/1\.1 415/);
  const {signals} = await server.json('/ledger');
  assert.equal(signals.traces.accepted, 1);
});

// Prometheus' path for OTLP is on the port of the API, whose own errors are Prometheus' JSON.
test('H4, H6, H8: what the API\'s port refuses of OTLP, it refuses as OTLP', async (t) => {
  const {server} = await open(t, 'limits: {request_bytes: 64KiB}\n');
  const path = '/api/v1/otlp/v1/metrics';
  for (const [type, readable] of [['application/json', /^\{"code":8,"message":"/], ['application/x-protobuf', /^\x08\x08\x12/]]) {
    const answer = await call(server.url + path,
      {method: 'POST', headers: {'content-type': type}, body: Buffer.alloc((64 << 10) + 1)});
    assert.equal(answer.status, 413);
    assert.equal(answer.headers.get('content-type'), type);
    assert.match(answer.text, readable);
  }
  await until('both are in the ledger', async () => (await server.json('/ledger')).refused_requests.too_large === 2);
});

test('H18, E16: 200 connections at once are all answered', async (t) => {
  const {server} = await open(t);
  const bodies = Array.from({length: 200}, () => encodeRequest('traces', traces(span())));
  const answers = await Promise.all(bodies.map((body) => exchange(server.otlpHttp,
    [[Buffer.concat([Buffer.from(post(`Content-Length: ${body.length}\r\n`)), body]), 'HTTP/1.1 200']])));
  assert.ok(answers.every((answer) => answer.startsWith('HTTP/1.1 200')));
  assert.equal((await server.json('/ledger')).signals.traces.accepted, 200);
});

test('G8: 500 calls at once over one connection are all answered', async (t) => {
  const {scene, server} = await open(t);
  const client = new GrpcClient(server);
  scene.atEnd(() => client.close());
  const answers = await Promise.all(Array.from({length: 500}, () => client.send('traces', traces(span()))));
  assert.ok(answers.every(({outcome}) => outcome === 'ok'));
  assert.equal((await server.json('/ledger')).signals.traces.accepted, 500);
});

test('G11: a ping every few milliseconds with calls in between does no harm', async (t) => {
  const {scene, server} = await open(t);
  const session = http2.connect(`http://${server.otlpGrpc}`);
  scene.atEnd(() => session.close());
  await new Promise((resolve) => session.on('connect', resolve));
  let goneAway = false;
  session.on('goaway', () => { goneAway = true; });
  const client = new GrpcClient(server);
  scene.atEnd(() => client.close());
  for (let i = 0; i < 10; ++i) {
    await new Promise((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
    assert.equal((await client.send('logs', logs(log()))).outcome, 'ok');
  }
  assert.equal(goneAway, false);
});

test('G12: calls in progress are answered when the server ends', async (t) => {
  const {scene, server} = await open(t);
  const client = new GrpcClient(server);
  scene.atEnd(() => client.close());
  await client.send('traces', traces(span()));
  const inProgress = Array.from({length: 50}, () => client.send('traces', traces(span())).catch(() => ({outcome: 'gone'})));
  const {code} = await server.stop('SIGTERM');
  assert.equal(code, 0);
  const outcomes = (await Promise.all(inProgress)).map(({outcome}) => outcome);
  assert.ok(outcomes.every((outcome) => ['ok', 'UNAVAILABLE', 'gone'].includes(outcome)), outcomes.join());
});

// --- exactly once

const withOneBad = {
  traces: () => traces(span(), span({spanId: 'ab'})),
  metrics: () => gauge(point({asInt: '1'}), {asInt: '1'}),
  logs: () => logs(log(), log({timeUnixNano: '9000000000000000000'})),
};

test('R13, R14: a request that is sent again gets its first answer, across a kill and a restart too', async (t) => {
  const {scene, config, server} = await open(t);
  const first = clientsOf(server);
  const sent = [];
  for (const [signal, make] of Object.entries(withOneBad)) {
    for (const client of Object.values(first)) {
      const bytes = client.encode(signal, make());
      sent.push({signal, name: client.name, bytes, answer: await client.send(signal, bytes)});
    }
  }
  first.grpc.close();
  for (const {answer} of sent) assert.deepEqual([answer.outcome, answer.rejected], ['ok', 1], answer.message);
  const before = await server.json('/ledger');
  await server.stop('SIGKILL');
  const again = await serve(scene, config);
  const second = clientsOf(again);
  scene.atEnd(() => second.grpc.close());
  for (const {signal, name, bytes, answer} of sent) {
    const repeated = await second[name].send(signal, bytes);
    assert.deepEqual([repeated.outcome, repeated.rejected, repeated.message],
      [answer.outcome, answer.rejected, answer.message], `${signal} over ${name}`);
  }
  const after = await again.json('/ledger');
  for (const signal of Object.keys(withOneBad)) {
    assert.equal(after.signals[signal].accepted, before.signals[signal].accepted, signal);
    assert.equal(after.signals[signal].duplicate, 6, signal);  // two items, three clients
  }
  assert.equal(after.imbalance, 0);
});

test('R13: a request whose items have no time is counted each time', async (t) => {
  const {scene, server} = await open(t);
  const client = new HttpClient('http-json', server, 'application/json');
  const bytes = client.encode('logs', logs({body: {stringValue: 'x'}}));
  await client.send('logs', bytes);
  await client.send('logs', bytes);
  const {signals} = await server.json('/ledger');
  assert.deepEqual([signals.logs.accepted, signals.logs.duplicate], [2, 0]);
});

test('V13: a point of a cumulative stream counts once, whatever request it comes in', async (t) => {
  const {scene, config, server} = await open(t);
  const client = new HttpClient('http-protobuf', server, 'application/x-protobuf');
  const start = now();
  const attributes = [{key: 'route', value: {stringValue: '/pay'}}];
  const at = (timeUnixNano, asInt) => ({attributes, startTimeUnixNano: start, timeUnixNano, asInt});
  const [t1, t2] = [now(), `${BigInt(now()) + 1_000_000_000n}`];
  assert.equal((await client.send('metrics', sum(cumulative, true, at(t1, '5')))).rejected, 0);
  // Batched anew with the next one, after a restart.
  await server.stop('SIGKILL');
  const again = await serve(scene, config);
  client.server = again;
  assert.equal((await client.send('metrics', sum(cumulative, true, at(t1, '5'), at(t2, '7')))).rejected, 0);
  // Another value for the same moment: somebody else writes this stream.
  const conflict = await client.send('metrics', sum(cumulative, true, at(t2, '8')));
  assert.equal(conflict.rejected, 1);
  assert.match(conflict.message, /only one sender/);
  const {signals, imbalance} = await again.json('/ledger');
  assert.deepEqual([signals.metrics.accepted, signals.metrics.duplicate, signals.metrics.rejected], [2, 1, {conflict: 1}]);
  assert.equal(imbalance, 0);
});

test('a histogram point of a cumulative stream counts once', async (t) => {
  const {server} = await open(t);
  const client = new HttpClient('http-json', server, 'application/json');
  const one = point({count: '3', sum: 4, bucketCounts: ['1', '2'], explicitBounds: [0.5]});
  await client.send('metrics', histogram(cumulative, one));
  await client.send('metrics', histogram(cumulative, one, point({count: '1', bucketCounts: ['1', '0'], explicitBounds: [1]})));
  const {signals} = await server.json('/ledger');
  assert.deepEqual([signals.metrics.accepted, signals.metrics.duplicate], [2, 1]);
});

test('a frame that is no gRPC is told where to go', async (t) => {
  const {server} = await open(t);
  const session = http2.connect(`http://${server.otlpGrpc}`);
  const status = await new Promise((resolve, reject) => {
    const stream = session.request({':method': 'POST', ':path': exportPath('traces'), 'content-type': 'text/plain'});
    stream.on('response', (headers) => resolve(headers[':status']));
    stream.on('error', reject);
    stream.end('x');
  });
  session.close();
  assert.equal(status, 415);
});
