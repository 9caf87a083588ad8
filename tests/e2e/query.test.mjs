// Goal: `slowburn query` answers at a terminal what the API answers, from a server and from the data directory that one
// left. Method: the built program, an SLO's series, and points over OTLP before a clean end and before a kill -9.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {readFile, readdir, stat, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {test} from 'node:test';

import {Application, SentSpans} from './lib/application.mjs';
import {call, freePort} from './lib/http.mjs';
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

// What lies below a folder: its bytes, and when they were changed.
async function contentOf(folder) {
  const content = {};
  for (const entry of await readdir(folder, {recursive: true, withFileTypes: true})) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const {mtimeMs, ino} = await stat(file);
    const bytes = entry.isFile() ? createHash('sha256').update(await readFile(file)).digest('hex') : '';
    content[file] = `${ino} ${mtimeMs} ${bytes}`;
  }
  return content;
}

// A gauge with the value `at` at each of the unix seconds `times`.
async function sendGauge(server, times) {
  const points = times.map((at) => ({timeUnixNano: `${at}000000000`, asDouble: at}));
  const body = JSON.stringify({resourceMetrics: [{
    resource: {attributes: [{key: 'service.name', value: {stringValue: 'shop'}}]},
    scopeMetrics: [{metrics: [{name: 'seconds', gauge: {dataPoints: points}}]}]}]});
  const {status, text} = await call(`${server.otlpHttp}/v1/metrics`,
    {method: 'POST', headers: {'content-type': 'application/json'}, body});
  assert.equal(status, 200, text);
}

test('query of a data directory', {timeout: 120_000}, async (t) => {
  const scene = await Scene.open(t);
  const config = await scene.write('slowburn.yaml', `data_dir: data\n${anyPorts}`);
  const data = scene.path('data');
  const now = Math.floor(Date.now() / 1000);
  const times = Array.from({length: 120}, (_, i) => now - 120 + i);
  const ask = (...args) => slowburn(['query', ...args, '--data-dir', data]);
  const range = ['{__name__=~"seconds|ALERTS"}', '--time', String(now), '--range', '2m', '--step', '1s', '--output', 'json'];

  const first = await serve(scene, config);
  await sendGauge(first, times.slice(0, 60));
  assert.equal((await first.stop()).code, 0);
  const second = await serve(scene, config);
  await sendGauge(second, times.slice(60));

  await t.test('a server that runs keeps it for itself', async () => {
    const {code, stderr} = await ask('seconds');
    assert.equal(code, 3);
    assert.match(stderr, /is held by process \d+/);
  });
  const before = await new PrometheusApi(second.url).range('{__name__=~"seconds|ALERTS"}', {start: now - 120, end: now, step: 1});
  assert.equal(before.result.find(({metric}) => metric.__name__ === 'seconds').values.length, 121);
  await second.stop('SIGKILL');
  const left = await contentOf(data);

  await t.test('has every sample, also those that only the log has', async () => {
    const {code, stdout, stderr} = await ask(...range);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).data, before);
  });
  await t.test('a table, as of the newest sample', async () => {
    const {code, stdout, stderr} = await ask('seconds');
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^SERIES +VALUE\nseconds\\{job="shop"\\} +${now - 1}\n$`));
  });
  await t.test('a plot', async () => {
    const {code, stdout, stderr} = await ask('seconds', '--output', 'plot', '--range', '2m');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^SERIES +LOW +HIGH +LAST +PLOT$/m);
  });
  await t.test('what is wrong is said', async () => {
    const wrong = await ask('sum(');
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /1:5: parse error/);
    assert.equal((await ask('seconds + on () {__name__=~".+"}')).code, 1, 'a match of many to many');
    const both = await ask('seconds', '--server', second.url);
    assert.equal(both.code, 1);
    assert.match(both.stderr, /--data-dir/);
    const nowhere = await slowburn(['query', 'up', '--data-dir', scene.path('nowhere')]);
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /nowhere.* is no data directory/);
    assert.equal(existsSync(scene.path('nowhere')), false);
  });
  await t.test('nothing is changed, and a server goes on with it', async () => {
    assert.deepEqual(await contentOf(data), left);
    const third = await serve(scene, config);
    assert.deepEqual(
      await new PrometheusApi(third.url).range('{__name__=~"seconds|ALERTS"}', {start: now - 120, end: now, step: 1}), before);
    assert.equal((await third.stop()).code, 0);
    assert.equal((await ask(...range)).code, 0, 'after a clean end');
  });
  await t.test('a damaged one', async () => {
    await writeFile(path.join(data, 'db', 'CURRENT'), 'nothing\n');
    const {code, stderr} = await ask('seconds');
    assert.equal(code, 5, stderr);
  });
});
