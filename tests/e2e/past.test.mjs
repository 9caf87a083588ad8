// Goal: an SLO on metrics that is added later has its past at once, each increment once, in all and by group, whatever
// comes while it is counted, and over kill -9 in the middle and after. Method: hours of points over OTLP without an SLO,
// then points that go on while SLOs on them are added by a reload; what they count is compared with a plain sum of what
// was sent.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {call} from './lib/http.mjs';
import {Scene} from './lib/scene.mjs';
import {anyPorts, serve} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

const slos = `apiVersion: slowburn/v1
kind: SLO
metadata: {name: availability}
spec:
  service: checkout
  sli:
    counter: {total: 'requests_total{job="checkout"}', bad: 'requests_total{job="checkout",code=~"5.."}'}
    group_by: [route]
  objective: 99%
  window: 30d
---
apiVersion: slowburn/v1
kind: SLO
metadata: {name: latency}
spec:
  service: checkout
  sli:
    histogram: {metric: 'duration_seconds{job="checkout"}', max: 500ms}
    group_by: [route]
  objective: 99%
  window: 30d
---
apiVersion: slowburn/v1
kind: SLO
metadata: {name: size}
spec:
  service: checkout
  sli: {histogram: {metric: 'size_bytes{job="checkout"}', max: 1024}}
  objective: 99%
  window: 30d
---
apiVersion: slowburn/v1
kind: SLO
metadata: {name: up}
spec:
  service: checkout
  sli: {gauge: {metric: 'up{job="checkout"}', bool: true}}
  objective: 99%
  window: 30d
`;

const attributes = (values) =>
  Object.entries(values).map(([key, value]) => ({key, value: {stringValue: value}}));

// A process that counts requests, how long they take and how large they are.
class Checkout {
  #series = new Map();  // by metric, route and code: {first, now} of what is counted
  #up = new Set();  // slices of its gauge

  constructor(begun) { this.begun = begun; }

  #grow(key, by) {
    const series = this.#series.get(key) ?? {first: undefined, now: 0};
    series.now += by;
    this.#series.set(key, series);
    series.first ??= series.now;
    return series.now;
  }
  // One request of OTLP/JSON: a point of everything at each of `times` (seconds).
  export(times) {
    const points = {requests: [], duration: [], size: [], up: []};
    for (const time of times) {
      const at = {startTimeUnixNano: `${this.begun}000000000`, timeUnixNano: `${Math.round(time * 1000)}000000`};
      for (const [i, route] of ['/a', '/b'].entries()) {
        for (const [code, by] of [['200', 7 + i], ['503', 1]]) {
          points.requests.push({...at, attributes: attributes({route, code}), asInt: `${this.#grow(`requests ${route} ${code}`, by)}`});
        }
        const counts = [3, 2 + i, 1].map((by, bucket) => this.#grow(`duration ${route} ${bucket}`, by));
        points.duration.push({...at, attributes: attributes({route}), explicitBounds: [0.1, 0.5],
          bucketCounts: counts.map(String), count: `${counts.reduce((a, b) => a + b)}`, sum: 1});
      }
      // (512, 1024] and (1024, 2048], with scale 0.
      const sizes = [4, 1].map((by, bucket) => this.#grow(`size ${bucket}`, by));
      points.size.push({...at, scale: 0, positive: {offset: 9, bucketCounts: sizes.map(String)},
        count: `${sizes[0] + sizes[1]}`, sum: 1, zeroCount: '0'});
      points.up.push({timeUnixNano: at.timeUnixNano, asInt: '1'});
      this.#up.add(Math.floor(time / 10));
    }
    const cumulative = {aggregationTemporality: 2};
    return {resourceMetrics: [{
      resource: {attributes: attributes({'service.name': 'checkout', 'service.instance.id': '7', zone: 'x'})},
      scopeMetrics: [{metrics: [
        {name: 'requests', sum: {...cumulative, isMonotonic: true, dataPoints: points.requests}},
        {name: 'duration', unit: 's', histogram: {...cumulative, dataPoints: points.duration}},
        {name: 'size', unit: 'By', exponentialHistogram: {...cumulative, dataPoints: points.size}},
        {name: 'up', gauge: {dataPoints: points.up}}]}]}]};
  }
  // What grew after the first point.
  #grown(pattern) {
    let sum = 0;
    for (const [key, {first, now}] of this.#series) {
      if (pattern.test(key)) sum += now - first;
    }
    return sum;
  }
  wanted() {
    const counts = (good, bad) => ({good: this.#grown(good), bad: this.#grown(bad)});
    return {
      'availability': counts(/^requests .* 200/, /^requests .* 503/),
      'availability /a': counts(/^requests .a 200/, /^requests .a 503/),
      'availability /b': counts(/^requests .b 200/, /^requests .b 503/),
      'latency': counts(/^duration .* [01]/, /^duration .* 2/),
      'latency /b': counts(/^duration .b [01]/, /^duration .b 2/),
      'size': counts(/^size 0/, /^size 1/),
      'up': {good: this.#up.size, bad: 0}};
  }
}

test('an SLO on metrics that is added later has its past', async (t) => {
  const scene = await Scene.open(t);
  const config = await scene.write('slowburn.yaml', `data_dir: data\nslos: [slos/*.yaml]\n${anyPorts}`);
  let server = await serve(scene, config);
  const begin = Math.floor(Date.now() / 60_000) * 60 - 7 * 3600;
  const checkout = new Checkout(begin - 3600);

  const send = async (times) => {
    const {status, text} = await call(`${server.otlpHttp}/v1/metrics`, {
      method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(checkout.export(times))});
    assert.equal(status, 200, text);
    assert.ok(!JSON.parse(text).partialSuccess?.rejectedDataPoints, text);
  };
  for (let hour = 0; hour < 7; ++hour)
    await send(Array.from({length: 60}, (_, minute) => begin + hour * 3600 + minute * 60));
  // Each a millisecond after the last one at least.
  let last = 0;
  const now = () => (last = Math.max(last + 1, Date.now())) / 1000;

  const counted = async () => {
    const counts = {};
    const end = Math.ceil(last / 10_000) * 10 + 20;
    for (const key of Object.keys(checkout.wanted())) {
      const [slo, route] = key.split(' ');
      const group = route === undefined ? '' : `&group.route=${encodeURIComponent(route)}`;
      const {good, bad} = await server.json(`/slos/checkout/${slo}/counts?start=${begin - 600}&end=${end}${group}`);
      counts[key] = {good, bad};
    }
    return counts;
  };
  const pasts = async () => (await server.json('/slos')).slos.map(({metric}) => metric.past);
  const isCounted = async () => {
    const states = await pasts();
    assert.deepEqual(states.map(({state}) => state), Array(4).fill('counted'));
    assert.deepEqual(states.map(({left_out: leftOut}) => leftOut), Array(4).fill([]));
    return true;
  };

  await t.test('in the middle of ingest', async () => {
    await scene.write('slos/checkout.yaml', slos);
    const reloads = (async () => {
      for (let i = 0; i < 3; ++i) assert.equal((await server.reload()).status, 200);
    })();
    for (let i = 0; i < 40; ++i) await send([now()]);
    await reloads;
    await send([now()]);
  });

  await t.test('over a kill -9', async () => {
    await server.stop('SIGKILL');
    server = await serve(scene, config);
    await send([now()]);
    await until('the past is counted', isCounted);
    await send([now()]);
    assert.deepEqual(await counted(), checkout.wanted());
    assert.equal(await server.metric('slowburn_slo_past_slis'), 0);
  });

  await t.test('and another', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM']) {
      await server.stop(signal);
      server = await serve(scene, config);
      await isCounted();
      assert.deepEqual(await counted(), checkout.wanted());
      await send([now()]);
      assert.deepEqual(await counted(), checkout.wanted());
    }
    assert.equal((await server.json('/ledger')).imbalance, 0);
  });

  await t.test('with all windows', async () => {
    const {groups: [total]} = await server.json('/slos/checkout/availability');
    const {good, bad} = checkout.wanted().availability;
    assert.deepEqual([total.good, total.bad], [good, bad]);
    // Mostly the same ratio, so the same burn rate in every window.
    for (const rate of Object.values(total.burn_rates)) assert.ok(Math.abs(rate - 100 * bad / (good + bad)) < 2, `${rate}`);
  });
});
