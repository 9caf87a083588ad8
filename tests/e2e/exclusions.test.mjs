// Goal: time that is excluded counts for nothing, and is given back, across restarts and reloads, by API, file and
// command. Method: the built program with an SLO that has lost its budget; what each exclusion leaves is compared with
// what was sent.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Application, SentSpans} from './lib/application.mjs';
import {call} from './lib/http.mjs';
import {Scene} from './lib/scene.mjs';
import {anyPorts, availabilitySlo, serve, slowburn} from './lib/slowburn.mjs';

const path = '/api/slo/v1/exclusions';
const rfc3339 = (seconds) => new Date(seconds * 1000).toISOString();

// A server that counted `good` good requests half an hour ago and an outage of `bad` ones an hour ago.
async function open(t, {good = 900, bad = 100} = {}) {
  const scene = await Scene.open(t);
  await scene.write('slos/checkout.yaml', availabilitySlo('checkout'));
  const config = await scene.write('slowburn.yaml', `data_dir: data\nslos: [slos/*.yaml]\n${anyPorts}`);
  const server = await serve(scene, config);
  const now = Math.floor(Date.now() / 10_000) * 10;
  const outage = now - 3600;
  const application = Application.overHttp(scene, 'checkout', new SentSpans(), server.otlpHttp);
  application.requests(bad, {route: '/', bad: true, from: outage + 1, to: outage + 59});
  application.requests(good, {route: '/', from: outage + 1801, to: outage + 1859});
  await application.flush();
  return {scene, config, server, outage};
}

const total = async (server) => (await server.json('/slos/checkout/availability')).groups[0];
const post = (server, body) => call(server.url + path, {method: 'POST', body: JSON.stringify(body)});
const remove = (server, id) => call(`${server.url}${path}/${id}`, {method: 'DELETE'});

test('a past exclusion gives the budget back, over restarts, until it is removed', async (t) => {
  const {scene, config, server: first, outage} = await open(t);
  let server = first;
  const before = await total(server);
  assert.deepEqual([before.good, before.bad, before.excluded_seconds], [900, 100, 0]);
  assert.ok(before.budget_remaining_ratio < 0);
  const answer = await post(server, {slos: ['checkout/*'], start: rfc3339(outage), duration: '1m', description: 'new disks'});
  assert.equal(answer.status, 201, answer.text);
  const made = answer.json();
  assert.match(made.id, /^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$/);
  assert.deepEqual(made.applies_to, ['checkout/availability']);
  assert.deepEqual(made.warnings, []);

  const isExcluded = async () => {
    const {good, bad, budget_remaining_ratio: left, excluded_seconds: seconds} = await total(server);
    assert.deepEqual([good, bad, left, seconds], [900, 0, 1, 60]);
    const slo = await server.json('/slos/checkout/availability');
    assert.deepEqual(slo.exclusions, [made.id]);
    const counts = await server.json(`/slos/checkout/availability/counts?start=${outage}&end=${outage + 120}`);
    assert.deepEqual(counts, {start: outage, end: outage + 120, good: 0, bad: 0, total: 0, excluded_seconds: 60});
    const {points} = await server.json(
      `/slos/checkout/availability/history?start=${outage - 60}&end=${outage + 120}&step=1m`);
    assert.deepEqual(points.map((point) => point.excluded_seconds), [undefined, 60, undefined]);
    assert.equal(points[1].bad, 0);
    const {exclusions} = await server.json('/exclusions');
    assert.deepEqual(exclusions.map((one) => [one.id, one.source, one.active, one.description]),
      [[made.id, 'api', false, 'new disks']]);
    assert.equal(await server.metric('slowburn_slo_exclusions{source="api"}'), 1);
    assert.equal(await server.metric('slowburn_slo_excluded{service="checkout",slo="availability"}'), 0);
  };
  await isExcluded();
  assert.equal((await server.reload()).status, 200);
  await isExcluded();
  // Once from the log, once from the checkpoint that an orderly end writes.
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGTERM']) {
    await server.stop(signal);
    server = await serve(scene, config);
    await isExcluded();
  }

  assert.equal((await remove(server, made.id)).status, 200);
  const check = async () => {
    const after = await total(server);
    assert.deepEqual([after.good, after.bad, after.budget_remaining_ratio, after.excluded_seconds],
      [before.good, before.bad, before.budget_remaining_ratio, 0]);
    assert.deepEqual((await server.json('/exclusions')).exclusions, []);
  };
  await check();
  await server.stop('SIGKILL');
  server = await serve(scene, config);
  await check();
});

test('what happens now is excluded, and the page says so', async (t) => {
  const {server, outage} = await open(t);
  const answer = await post(server, {id: 'all-day', start: rfc3339(outage - 3600), duration: '24h'});
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.json().active, true);
  assert.equal((await total(server)).state, 'no_data');
  assert.equal(await server.metric('slowburn_slo_excluded{service="checkout",slo="availability"}'), 1);
  assert.match((await server.get('/')).text, /excluded now/);
  assert.equal((await remove(server, 'all-day')).status, 200);
  assert.doesNotMatch((await server.get('/')).text, /excluded now/);
});

test('files and the API side by side', async (t) => {
  const {scene, server, outage} = await open(t);
  const file = (name) => `apiVersion: slowburn/v1
kind: Exclusion
metadata: {name: ${name}}
spec: {slos: [checkout/availability], start: "${rfc3339(outage)}", duration: 1m}
`;
  await scene.write('slos/exclusion.yaml', file('filed'));
  assert.equal((await server.reload()).status, 200);
  assert.equal((await total(server)).bad, 0);
  const own = {id: 'made', slos: ['checkout/availability'], start: rfc3339(outage), duration: '1m'};
  assert.equal((await post(server, own)).status, 201);

  await t.test('refusals', async () => {
    const refused = async (answer, status, words) => {
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.json().error, words);
    };
    await refused(await post(server, own), 409, /"made" already, from api/);
    await refused(await post(server, {...own, id: 'filed'}), 409, /already, from .*exclusion\.yaml:1/);
    await refused(await remove(server, 'filed'), 409, /comes from .*exclusion\.yaml:1; remove it there/);
    await refused(await remove(server, 'none'), 404, /there is no exclusion "none"/);
    await refused(await post(server, {slos: ['checkout'], start: 'today'}), 400, /exclusion\.start is "today"[^]*"checkout" names no SLO/);
    await refused(await call(server.url + path, {method: 'POST', body: 'start: now'}), 400, /no JSON object/);
    assert.equal((await call(server.url + path, {method: 'POST', body: 'x'.repeat(70_000)})).status, 413);
  });

  await t.test('a file that takes an id of the API is refused as a whole', async () => {
    await scene.write('slos/exclusion.yaml', file('made'));
    const answer = await server.reload();
    assert.equal(answer.status, 400);
    assert.match(answer.text, /exclusion\.yaml:1: exclusion .*made.* was already made by the API/);
    assert.deepEqual((await server.json('/exclusions')).exclusions.map(({id}) => id), ['filed', 'made']);
  });

  await t.test('each covers what the other does', async () => {
    await scene.write('slos/exclusion.yaml', '');
    assert.equal((await server.reload()).status, 200);
    assert.equal((await total(server)).bad, 0);
    assert.equal((await remove(server, 'made')).status, 200);
    assert.equal((await total(server)).bad, 100);
  });

  await t.test('check counts them', async () => {
    await scene.write('slos/exclusion.yaml', file('filed'));
    const {code, stdout} = await slowburn(['check', scene.path('slowburn.yaml')]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /1 file, 1 SLO, 1 exclusion: 0 warnings/);
  });
});

test('by command', async (t) => {
  const {server, outage} = await open(t);
  const run = async (...args) => {
    const result = await slowburn(['slo', ...args, '--server', server.url]);
    return {...result, all: result.stdout + result.stderr};
  };
  const made = await run('exclude', 'checkout/availability', '--for', '1m', '--from', rfc3339(outage),
    '--description', 'new disks', '--id', 'disks');
  assert.equal(made.code, 0, made.all);
  assert.match(made.stdout, /^exclusion disks: checkout\/availability from .*Z to .*Z\nit applies to checkout\/availability\n$/);
  assert.equal((await total(server)).bad, 0);
  const weekly = await run('exclude', 'nothing/*', '--for', '2h', '--from', '2026-01-04T02:00:00', '--rrule', 'FREQ=WEEKLY;BYDAY=SU',
    '--time-zone', 'Europe/Paris', '--id', 'weekly');
  assert.equal(weekly.code, 0, weekly.all);
  assert.match(weekly.stderr, /applies to no SLO.*\(warning\)/);
  const list = await run('exclusions');
  assert.match(list.stdout, /^disks +checkout\/availability +- +- +- +api +new disks$/m);
  assert.match(list.stdout, /^weekly +nothing\/\* +.*FREQ=WEEKLY;BYDAY=SU +api/m);
  const removed = await run('include', 'disks');
  assert.equal(removed.code, 0, removed.all);
  assert.equal((await total(server)).bad, 100);
  const again = await run('include', 'disks');
  assert.equal(again.code, 1);
  assert.match(again.stderr, /there is no exclusion "disks"/);
  const wrong = await run('exclude', 'checkout/availability', '--for', '40d');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /at most 31d/);
});
