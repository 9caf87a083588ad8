// Goal: connections are used as OTLP clients use them, and a request that is sent again is counted once. Method: raw
// HTTP/1.1 and HTTP/2 against the built program, which is killed and restarted where that is the point.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import {test} from 'node:test';

import {GrpcClient, HttpClient, clientsOf, exportPath} from './lib/clients.mjs';
import {encodeRequest} from './lib/schema.mjs';
import {cumulative, gauge, histogram, log, logs, now, point, span, sum, traces} from './lib/telemetry.mjs';
import {Scene} from '../e2e/lib/scene.mjs';
import {anyPorts, serve} from '../e2e/lib/slowburn.mjs';

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

test('smuggling: a length and chunks together are refused', async (t) => {
  const {server} = await open(t);
  const answers = await exchange(server.otlpHttp, [
    [post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n') + '0\r\n\r\n', 'HTTP/1.1 400']]);
  assert.match(answers, /Connection: close/i);
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

test('a request that is sent again gets its first answer, across a restart too', async (t) => {
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

test('a request whose items have no time is counted each time', async (t) => {
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
