// Goal: percentiles of an SLO over spans are those of the durations that were sent, for each route and in total, and
// a kill -9 does not change them. Method: the SDK sends durations that the test knows; nearest rank over the sorted
// ones is what the API has to come near to.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Application, SentSpans} from './lib/application.mjs';
import {Scene} from './lib/scene.mjs';
import {anyPorts, serve, slowburn} from './lib/slowburn.mjs';

const ranks = {p50: 500, p90: 900, p95: 950, p99: 990, 'p99.9': 999};
const latencySlo = `apiVersion: slowburn/v1
kind: SLO
metadata: {name: latency}
spec:
  service: checkout
  sli:
    spans: {match: 'resource.attributes["service.name"] == "checkout"', latency: {max: 300ms}}
    group_by: [http.route]
  objective: 99%
  window: 7d
`;

// Log-normal around 60 ms, from a sequence that is the same in every run.
function* durations() {
  let state = 7;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
  for (;;) yield 0.06 * Math.exp(0.8 * Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()));
}

function assertNear(answer, sent) {
  const sorted = sent.map(({seconds}) => seconds).sort((a, b) => a - b);
  assert.equal(answer.count, sorted.length);
  for (const [name, perMille] of Object.entries(ranks)) {
    const exact = sorted[Math.ceil((sorted.length * perMille) / 1000) - 1];
    // The SDK's clock is a double: a microsecond more or less.
    assert.ok(Math.abs(answer.percentiles[name] - exact) <= answer.relative_error * exact + 1e-6,
      `${name} is ${answer.percentiles[name]}, the durations say ${exact}`);
  }
}

test('percentiles are those of what was sent', async (t) => {
  const scene = await Scene.open(t);
  await scene.write('slos/checkout.yaml', latencySlo);
  const config = await scene.write('slowburn.yaml', `data_dir: data\nslos: [slos/*.yaml]\n${anyPorts}`);
  let server = await serve(scene, config);
  const sent = new SentSpans();
  const application = Application.overHttp(scene, 'checkout', sent, server.otlpHttp);
  const now = Math.floor(Date.now() / 1000);
  const duration = durations();
  for (let i = 0; i < 3000; ++i) {
    // The last hour and a half; the last minutes too.
    application.request({
      route: i % 3 === 0 ? '/pay' : '/cart', end: now - (i % 90) * 60, seconds: duration.next().value});
  }
  await application.flush();

  const end = Math.floor(now / 300) * 300 + 300;
  const start = end - 7200;
  const ask = (query) => server.json(`/slos/checkout/latency/percentiles?${query}`);
  const all = async () => ({
    total: await ask(`start=${start}&end=${end}`),
    pay: await ask(`start=${start}&end=${end}&group.http.route=${encodeURIComponent('/pay')}`),
    points: await ask(`start=${start}&end=${end}&step=5m`),
  });

  await t.test('in total, for a route and by step', async () => {
    const {total, pay, points} = await all();
    assert.deepEqual({start: total.start, end: total.end}, {start, end});
    assertNear(total, sent.all);
    assertNear(pay, sent.all.filter(({route}) => route === '/pay'));
    assert.equal(points.points.length, 24);
    for (const point of points.points) {
      const within = sent.all.filter((span) => span.end >= point.t - 300 && span.end < point.t);
      if (within.length > 0) assertNear({...point, relative_error: points.relative_error}, within);
      else assert.equal(point.percentiles.p50, null);
    }
  });

  await t.test('the SLO and the command show the last hour', async () => {
    const {latency} = await server.json('/slos/checkout/latency');
    assert.equal(latency.threshold_seconds, 0.3);
    assertNear(latency, sent.all.filter((span) => span.end >= latency.start && span.end < latency.end));
    const {code, stdout, stderr} = await slowburn(['slo', 'show', 'checkout/latency', '--server', server.url]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^LATENCY \(1h, total\) +OBJECTIVE 300ms$/m);
    assert.match(stdout, /^p99\.9 +\d+(\.\d+)?(ms|s)$/m);
  });

  await t.test('what cannot be answered is refused with what to write', async () => {
    const {status, text} = await server.get(
      `/api/slo/v1/slos/checkout/latency/percentiles?start=${start + 10}&end=${end}`);
    assert.equal(status, 400);
    assert.match(JSON.parse(text).error, new RegExp(`write ${start} or ${start + 300}$`));
  });

  await t.test('kill -9 changes nothing', async () => {
    const before = await all();
    await server.stop('SIGKILL');
    server = await serve(scene, config);
    assert.deepEqual(await all(), before);
    // From the checkpoint that an orderly end writes.
    await server.stop('SIGTERM');
    server = await serve(scene, config);
    assert.deepEqual(await all(), before);
  });

  await t.test('memory is reported', async () => {
    assert.ok(await server.metric('slowburn_slo_latency_memory_bytes') >= 0);
    assert.equal(await server.metric('slowburn_slo_latencies_dropped_total'), 0);
  });
});
