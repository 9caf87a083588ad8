// Goal: `slowburn query` answers at a terminal what the API answers. Method: the built program and an SLO's series.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Application, SentSpans} from './lib/application.mjs';
import {freePort} from './lib/http.mjs';
import {PrometheusApi} from './lib/prometheus_api.mjs';
import {Scene} from './lib/scene.mjs';
import {anyPorts, availabilitySlo, serve, slowburn} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

const bad = 'slowburn_slo_events_total{outcome="bad"}';

test('query', {timeout: 120_000}, async (t) => {
  const scene = await Scene.open(t);
  await scene.write('slos/checkout.yaml', availabilitySlo('checkout'));
  const server = await serve(scene, await scene.write('slowburn.yaml', `data_dir: data\nslos: [slos/*.yaml]\n${anyPorts}`));
  const application = Application.overHttp(scene, 'checkout', new SentSpans(), server.otlpHttp);
  const now = Date.now() / 1000;
  application.requests(1000, {route: '/pay', from: now - 60, to: now - 50});
  application.requests(3, {route: '/pay', bad: true, from: now - 60, to: now - 50});
  await application.flush();
  const api = new PrometheusApi(server.url);
  const time = await until('the series of the SLO', async () => {
    const {result} = await api.instant(bad, Date.now() / 1000);
    return result.length === 1 && result[0].value[1] === '3' && result[0].value[0];
  });
  const ask = (...args) => slowburn(['query', ...args, '--server', server.url]);

  await t.test('a table', async () => {
    const {code, stdout, stderr} = await ask(bad);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^SERIES +VALUE\nslowburn_slo_events_total\{outcome="bad", ?service="checkout", ?slo="availability"\} +3\n$/);
  });
  await t.test('a table over time', async () => {
    const {code, stdout, stderr} = await ask('sum(slowburn_slo_events_total)', '--time', String(time), '--range', '2s', '--step', '1s');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^SERIES +TIME +VALUE$/m);
    assert.equal(stdout.match(/ 1003$/gm).length >= 1, true, stdout);
  });
  await t.test('JSON, as the API has it', async () => {
    const {code, stdout, stderr} = await ask(bad, '--time', String(time), '--output', 'json');
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).data, await api.instant(bad, time));
  });
  await t.test('a plot of an hour', async () => {
    const {code, stdout, stderr} = await ask(bad, '--output', 'plot');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^SERIES +LOW +HIGH +LAST +PLOT$/m);
    assert.match(stdout, /outcome="bad".* 3 +3 +3 .*\u2581/);
    const [, from, to] = /^from (\S+) to (\S+)$/m.exec(stdout);
    assert.ok(Date.parse(from) <= Date.parse(to));
  });
  await t.test('what is wrong is said, with where', async () => {
    const wrong = await ask('sum(');
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /1:5: parse error/);
    assert.match((await ask('up', '--time', 'noon')).stderr, /--time.*noon/);
    assert.match((await ask('up', '--range', '30d', '--step', '1s')).stderr, /--step: .* write at least/);
    assert.equal((await ask('up', '--step', '1s')).code, 1, 'a step without a range');
    const nobody = await slowburn(['query', 'up', '--server', `http://127.0.0.1:${await freePort()}`]);
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /is slowburn running there/);
  });
});
