// Goal: how SLOs stand can be asked for in PromQL, by Prometheus' own tools and by ours, what a Prometheus writes to us
// is what it has itself, and a kill -9 changes no sample of the past. Method: spans over OTLP, a real Prometheus that
// scrapes and writes, promtool and `slowburn query` against the running program, the same ranges again after it was
// killed.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Application, SentSpans} from './lib/application.mjs';
import {freePort, getJson} from './lib/http.mjs';
import {Prometheus, missing} from './lib/peers.mjs';
import {run} from './lib/process.mjs';
import {Scene} from './lib/scene.mjs';
import {anyPorts, availabilitySlo, serve, slowburn} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

test('SLOs are time series', async (t) => {
  const scene = await Scene.open(t);
  await scene.write('slos/checkout.yaml', availabilitySlo('checkout', {compat: ['sloth', 'pyrra']}));
  const config = await scene.write('slowburn.yaml',
    `data_dir: data\nslos: [slos/*.yaml]\nexternal_labels: {cluster: eu-1}\n${anyPorts}`);
  let server = await serve(scene, config);
  const sent = new SentSpans();
  const application = Application.overHttp(scene, 'checkout', sent, server.otlpHttp);
  const now = Date.now() / 1000;
  application.requests(90, {from: now - 60, to: now, route: '/pay'});
  application.requests(10, {from: now - 60, to: now, route: '/pay', bad: true});
  await application.flush();

  const ask = async (path, parameters) => {
    const {status, text} = await server.get(`/api/v1/${path}?${new URLSearchParams(parameters)}`);
    assert.equal(status, 200, text);
    return JSON.parse(text).data;
  };
  const total = 'sum by (slo) (slowburn_slo_events_total{service="checkout"})';
  let asOf;  // a moment at which everything is stored

  await t.test('within 15 seconds', async () => {
    await until('the counts are a series', async () => {
      const {result: [first]} = await ask('query', {query: total});
      assert.equal(first?.value[1], '100');
      asOf = first.value[0];
      return true;
    });
    const {result: groups} = await ask('query', {query: 'slowburn_slo_group_sli_ratio{window="1h"}', time: asOf});
    assert.deepEqual(groups.map(({metric, value}) => [metric.http_route, value[1]]), [['/pay', '0.9']]);
  });

  await t.test('promtool', {skip: missing('promtool')}, async () => {
    const {code, stdout, stderr} =
      await run('promtool', ['query', 'instant', `--time=${asOf}`, server.url, total]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\{slo="availability"\} => 100 @\[\d+/);
    const series = await run('promtool', ['query', 'series', '--match=slowburn_slo_objective_ratio', server.url]);
    assert.match(series.stdout, /slo="availability"/);
  });

  await t.test('slowburn query', async () => {
    const {code, stdout, stderr} =
      await slowburn(['query', total, '--time', `${asOf}`, '--server', server.url, '--output', 'json']);
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).data.result[0].value[1], '100');
  });

  await t.test('federation has them with our external labels', async () => {
    const {text} = await server.get(`/federate?${new URLSearchParams({'match[]': 'slowburn_slo_objective_ratio'})}`);
    assert.match(text, /^slowburn_slo_objective_ratio\{.*slo="availability",cluster="eu-1".*\} 0\.999 \d+$/m);
  });

  await t.test("Sloth's and Pyrra's boards have their series", async () => {
    const sloth = '{sloth_id="checkout-availability",sloth_service="checkout",sloth_slo="availability",team="shop"}';
    const pyrra = '{slo="availability",service="checkout",team="shop"}';
    const budget = (1000 - 999) / 1000;
    const want = new Map([
      ...['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'].map((window) => [`slo:sli_error:ratio_rate${window}${sloth}`, 0.1]),
      [`slo:objective:ratio${sloth}`, 0.999], [`slo:error_budget:ratio${sloth}`, budget], [`slo:time_period:days${sloth}`, 30],
      [`slo:current_burn_rate:ratio${sloth}`, 0.1 / budget], [`slo:period_burn_rate:ratio${sloth}`, 0.1 / budget],
      [`slo:period_error_budget_remaining:ratio${sloth}`, 1 - 0.1 / budget], [`sloth_slo_info${sloth}`, 1],
      [`pyrra_objective${pyrra}`, 0.999], [`pyrra_window${pyrra}`, 30 * 86_400], [`pyrra_availability${pyrra}`, 0.9],
      [`pyrra_requests_total${pyrra}`, 100], [`pyrra_errors_total${pyrra}`, 10],
    ]);
    for (const [query, value] of want) {
      const {result} = await ask('query', {query, time: asOf});
      assert.equal(result.length, 1, query);
      assert.ok(Math.abs(Number(result[0].value[1]) - value) < 1e-9, `${query} is ${result[0].value[1]}`);
    }
    // Over the last five minutes and what is open of ten seconds.
    for (const [metric, events] of [['pyrra_requests:rate5m', 100], ['pyrra_errors:rate5m', 10]]) {
      const {result: [{value}]} = await ask('query', {query: metric + pyrra, time: asOf});
      assert.ok(value[1] <= events / 300 && value[1] > events / 310, `${metric} is ${value[1]}`);
    }
    const {text} = await server.get(`/federate?${new URLSearchParams({'match[]': '{__name__=~"slo:.+|sloth_.+|pyrra_.+"}'})}`);
    assert.equal(text.split('\n').filter((line) => line && !line.startsWith('#')).length, want.size + 2);
    const page = (await server.get('/metrics')).text;
    assert.match(page, /^slo:period_error_budget_remaining:ratio\{.*sloth_slo="availability".*\} -99/m);
    assert.match(page, /^pyrra_requests_total\{.*slo="availability".*\} 100$/m);
  });

  await t.test('the alerts of an SLO are rules', async () => {
    const {groups: [group]} = await ask('rules', {});
    assert.equal(group.name, 'checkout/availability');
    assert.ok(group.rules.some(({name, labels}) => name === 'SLOBurnRate' && labels.severity === 'page'));
  });

  await t.test('kill -9 changes no sample', async () => {
    const range = {query: '{__name__=~"slowburn_slo_.*"}', start: asOf - 60, end: asOf, step: 1};
    const before = await ask('query_range', range);
    assert.ok(before.result.length > 20);
    for (const signal of ['SIGKILL', 'SIGTERM']) {
      await server.stop(signal);
      server = await serve(scene, config);
      assert.deepEqual(await ask('query_range', range), before);
    }
    await until('series go on', async () => {
      const {result: [first]} = await ask('query', {query: 'timestamp(slowburn_slo_objective_ratio)'});
      return Number(first?.value[1]) > asOf + 1;
    });
    assert.ok(await server.metric('slowburn_series_active') > 20);
    assert.equal((await server.json('/ledger')).imbalance, 0);
  });
});

test('what Prometheus writes is what it has', {skip: missing('prometheus')}, async (t) => {
  const scene = await Scene.open(t);
  // One address over a restart: the writer does not look for another.
  const config = await scene.write('slowburn.yaml', `data_dir: data
listen: {http: 127.0.0.1:${await freePort()}, otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0}
`);
  let server = await serve(scene, config);
  const prometheus = await Prometheus.start(scene, server.address, {remoteWrite: `${server.url}/api/v1/write`});
  const range = async ({url}, start, end) => {
    const parameters = {query: '{job="slowburn"}', start, end, step: 1};
    const {data} = await getJson(`${url}/api/v1/query_range?${new URLSearchParams(parameters)}`);
    return data.result.sort((a, b) => JSON.stringify(a.metric) < JSON.stringify(b.metric) ? -1 : 1);
  };
  const same = async (start, end) => {
    const [theirs, ours] = [await range(prometheus, start, end), await range(server, start, end)];
    assert.ok(theirs.length > 50, `${theirs.length} series`);
    assert.deepEqual(ours, theirs);
    return true;
  };
  // It begins some seconds after it scrapes.
  const now = () => Math.floor(Date.now() / 1000);
  await until('a sample', async () => (await range(server, now() - 5, now())).length > 0, {seconds: 60});
  const start = now();
  await until('some seconds of it', async () => now() > start + 6 && await same(start, start + 5), {seconds: 60});

  await t.test('also over a kill -9', async () => {
    await server.stop('SIGKILL');
    server = await serve(scene, config);
    await same(start, start + 5);
    // The writer comes again with what was not answered.
    const later = now() + 3;
    await until('the seconds after it', async () => now() > later + 1 && await same(start, later), {seconds: 60});
    await server.stop('SIGTERM');
    server = await serve(scene, config);
    await same(start, later);
  });

  await t.test('and accounted for', async () => {
    const {imbalance, signals} = await server.json('/ledger');
    assert.equal(imbalance, 0);
    assert.ok(signals.remote_write.accepted > 200);
    assert.deepEqual(signals.remote_write.rejected, {});
  });
  await prometheus.stop();
});
