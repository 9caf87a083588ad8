// Goal: SLOs over counters, histograms and gauges count what an exporter sends over OTLP, once, over resent points and
// a kill -9, and say where they only estimate. Method: exports as JSON, the counts and marks of the API and of the
// commands against the sums of what was sent.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Scene} from './lib/scene.mjs';
import {anyPorts, serve, slowburn} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

const slo = (name, source) => `apiVersion: slowburn/v1
kind: SLO
metadata: {name: ${name}}
spec:
  service: checkout
  sli: ${source}
  objective: 99.9%
  window: 7d
  alerting: {policy: slowburn, scope: total}
---
`;
const slos = [
  slo('requests', `
    counter: {total: 'requests_total{job="checkout"}', bad: 'requests_total{job="checkout",code=~"5.."}'}
    group_by: [route]`),
  slo('latency', `{histogram: {metric: 'latency_seconds{job="checkout"}', max: 300ms}}`),
  slo('duration', `{histogram: {metric: 'duration_seconds{job="checkout"}', max: 1s}}`),
  slo('up', `{gauge: {metric: 'up{job="checkout"}', bool: true}}`),
].join('');

// Seconds as OTLP's JSON has times.
const nanos = (seconds) => `${seconds}000000000`;
const strings = (attributes) =>
  Object.entries(attributes).map(([key, value]) => ({key, value: {stringValue: value}}));

// A process that exports every 30 s and began 5 minutes ago; `n` is the number of the export.
function exportOf(begin, n) {
  const at = {startTimeUnixNano: nanos(begin), timeUnixNano: nanos(begin + 30 * n)};
  const cumulative = {aggregationTemporality: 2};
  const requests = (code, route, value) => ({...at, asInt: `${value}`, attributes: strings({code, route})});
  return {resourceMetrics: [{
    resource: {attributes: strings({'service.name': 'checkout'})},
    scopeMetrics: [{scope: {}, metrics: [
      {name: 'requests', sum: {...cumulative, isMonotonic: true, dataPoints: [
        requests('200', '/pay', 90 * n), requests('503', '/pay', 10 * n), requests('200', '/cart', 100 * n)]}},
      {name: 'latency', unit: 's', histogram: {...cumulative, dataPoints: [
        {...at, count: `${11 * n}`, explicitBounds: [0.25, 0.75], bucketCounts: [`${6 * n}`, `${3 * n}`, `${2 * n}`]}]}},
      {name: 'duration', unit: 's', exponentialHistogram: {...cumulative, dataPoints: [
        {...at, count: `${4 * n}`, scale: 4, zeroCount: '0',
          positive: {offset: -40, bucketCounts: [`${n}`, `${3 * n}`]}}]}},
      {name: 'up', gauge: {dataPoints: [{timeUnixNano: at.timeUnixNano, asInt: n === 3 ? '0' : '1'}]}},
    ]}],
  }]};
}

async function send(server, request) {
  const answer = await fetch(`${server.otlpHttp}/v1/metrics`, {
    method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(request)});
  assert.equal(answer.status, 200);
  return answer.json();
}

test('SLOs over metrics', async (t) => {
  const scene = await Scene.open(t);
  await scene.write('slos/checkout.yaml', slos);
  const config = await scene.write('slowburn.yaml', `data_dir: data\nslos: [slos/*.yaml]\n${anyPorts}`);
  let server = await serve(scene, config);
  const begin = Math.floor(Date.now() / 1000) - 300;
  const show = (name) => server.json(`/slos/checkout/${name}`);
  // [good, bad] of the total.
  const counts = async (name) => {
    const {groups: [total]} = await show(name);
    return [total.good, total.bad];
  };
  const all = async () => ({
    requests: await counts('requests'), latency: await counts('latency'), duration: await counts('duration'),
    up: await counts('up')});
  const wanted = (n) => ({
    requests: [190 * n, 10 * n],
    // Of three values between 0.25 and 0.75 an even spread has 0.3 at or under 0.3.
    latency: [6 * n + Math.floor(0.3 * n), 5 * n - Math.floor(0.3 * n)],
    duration: [4 * n, 0],
    up: [n - (n >= 3 ? 1 : 0), n >= 3 ? 1 : 0],
  });
  for (let n = 1; n <= 5; ++n) await send(server, exportOf(begin, n));

  await t.test('count what was exported', async () => {
    await until('the counts', async () => assert.deepEqual(await all(), wanted(5)) ?? true);
    const {groups} = await show('requests');
    const pay = groups.find(({labels}) => labels.route === '/pay');
    assert.deepEqual([pay.good, pay.bad], [450, 50]);
  });

  await t.test('a point that is sent again counts once', async () => {
    const again = exportOf(begin, 5);
    again.resourceMetrics[0].schemaUrl = 'another request';
    await send(server, again);
    assert.deepEqual(await all(), wanted(5));
  });

  await t.test('say how far points are apart, and which tiers are too coarse', async () => {
    const {metric, policy} = await show('requests');
    assert.deepEqual(metric, {source: 'counter', point_interval_seconds: 30});
    const outage = policy.tiers.find(({short}) => short === '10s');
    assert.equal(outage.state, 'too_coarse');
    assert.match(outage.reason, /^points come every 30s/);
    assert.notEqual(policy.tiers.find(({short}) => short === '5m').state, 'too_coarse');
    const {stdout} = await slowburn(['slo', 'show', 'checkout/requests', '--server', server.url]);
    assert.match(stdout, /^counter: a point every 30s$/m);
    assert.match(stdout, / too_coarse +points come every 30s/);
  });

  await t.test('mark what is interpolated, and say which bounds are near', async () => {
    const {metric} = await show('latency');
    assert.deepEqual(metric, {
      source: 'histogram', point_interval_seconds: 30, max: 0.3, interpolated: true, nearest_bounds: [0.25, 0.75]});
    assert.equal((await show('duration')).metric.interpolated, false);
    const {stdout} = await slowburn(['slo', 'show', 'checkout/latency', '--server', server.url]);
    assert.match(stdout, /^interpolated: 0\.3 is no bound of the histogram; write max: 0\.25 or max: 0\.75$/m);
    const check = await slowburn(['check', '--live', '--server', server.url, config], {cwd: scene.folder});
    assert.equal(check.code, 2, check.stderr);
    assert.match(check.stderr, /checkout\.yaml:\d+: max of checkout\/latency is 0\.3, .*write max: 0\.25 or max: 0\.75/);
    assert.equal((await slowburn(['check', config], {cwd: scene.folder})).code, 0);
  });

  await t.test('an exponential histogram in seconds has percentiles', async () => {
    const {latency} = await show('duration');
    assert.equal(latency.threshold_seconds, 1);
    assert.equal(latency.count, 20);
    // (2^(-39/16), 2^(-38/16)] s
    assert.ok(Math.abs(latency.percentiles.p50 - 0.1886) < 0.001, latency.percentiles.p50);
    assert.equal((await show('latency')).latency.count, 0);
  });

  await t.test('kill -9 loses and doubles nothing', async () => {
    await server.stop('SIGKILL');
    server = await serve(scene, config);
    assert.deepEqual(await all(), wanted(5));
    const again = exportOf(begin, 5);
    again.resourceMetrics[0].schemaUrl = 'yet another request';
    await send(server, again);
    assert.deepEqual(await all(), wanted(5));
    for (let n = 6; n <= 9; ++n) await send(server, exportOf(begin, n));
    await until('the counts', async () => assert.deepEqual(await all(), wanted(9)) ?? true);
    assert.equal((await show('duration')).latency.count, 36);
    assert.equal((await server.json('/ledger')).imbalance, 0);
    // From the checkpoint that an orderly end writes.
    await server.stop('SIGTERM');
    server = await serve(scene, config);
    assert.deepEqual(await all(), wanted(9));
    assert.equal((await show('requests')).metric.point_interval_seconds, 30);
  });
});
