// Goal: the demo shows a living system at once, its incident pages, and nothing of it stays behind. Method: the
// command as a person runs it, but for the ports.
import assert from 'node:assert/strict';
import {mkdir, readdir} from 'node:fs/promises';
import {test} from 'node:test';

import {Scene} from './lib/scene.mjs';
import {Server} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

const day = 24 * 3600;
const ids = ['checkout', 'frontend', 'payments'].flatMap(
  (service) => [`${service}/availability`, `${service}/latency`]);

async function startDemo(t) {
  const scene = await Scene.open(t);
  const temporary = scene.path('tmp');
  await mkdir(temporary);
  const server = await Server.begin(scene, ['demo', '--free-ports'], {cwd: scene.folder, env: {TMPDIR: temporary}});
  return {scene, server, temporary};
}

const accepted = async (server) => (await server.json('/ledger')).signals.traces.accepted;

test('the demo', {timeout: 280_000}, async (t) => {
  const {scene, server, temporary} = await startDemo(t);
  assert.equal((await readdir(temporary)).length, 1);

  await t.test('it says what to look at, and that is there', async () => {
    const text = await until('all of the text', () => /Ctrl-C/.test(server.program.stdout) && server.program.stdout);
    const urls = text.match(/http:\/\/\S+?(?=\s)/g).filter((url) => url.startsWith(server.url));
    assert.ok(urls.length >= 7, text);
    for (const url of urls) assert.equal((await fetch(url)).status, 200, url);
    assert.ok(text.includes(server.otlpHttp), text);
  });

  await t.test('six SLOs with a month behind them', async () => {
    const {slos} = await server.json('/slos');
    assert.deepEqual(slos.map(({id}) => id).sort(), ids);
    for (const {id, groups} of slos) {
      assert.ok(groups[0].total > 100_000, id);
      assert.ok(groups[0].bad > 0, id);
      assert.notEqual(groups[0].state, 'no_data', id);
    }
    const end = Math.floor(Date.now() / 1000 / 3600) * 3600;
    for (const id of ids) {
      const {points} = await server.json(`/slos/${id}/history?start=${end - 29 * day}&end=${end}&step=1h`);
      assert.equal(points.length, 29 * 24, id);
      assert.ok(points.every(({good}) => good > 0), `${id} has a gap in its past`);
      assert.equal(points[0].t, end - 29 * day + 3600);
    }
  });

  await t.test('each budget is that of its counts', async () => {
    for (const {id, objective, groups} of (await server.json('/slos')).slos) {
      const [{bad, total, budget_remaining_ratio: remaining}] = groups;
      const want = 1 - bad / (total * (1 - objective));
      assert.ok(Math.abs(remaining - want) < 1e-6, `${id}: ${remaining}, its counts say ${want}`);
    }
  });

  await t.test('traffic arrives', async () => {
    const before = await accepted(server);
    await until('more spans', async () => (await accepted(server)) > before + 50);
    const now = Date.now() / 1000;
    for (const service of ['frontend', 'checkout', 'payments']) {
      const {groups} = await server.json(`/slos/${service}/availability`);
      assert.ok(now - groups[0].last_event < 30, service);
    }
    const start = Math.floor(now / 10) * 10 - 60;
    const counts = () => server.json(`/slos/frontend/availability/counts?start=${start}&end=${start + 180}`);
    const {total} = await counts();
    await until('the counts grow', async () => (await counts()).total > total);
    assert.equal((await server.json('/ledger')).imbalance, 0);
  });

  await t.test('the home page has every SLO', async () => {
    const page = await server.get('/');
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type'), /^text\/html/);
    for (const id of ids) assert.ok(page.text.includes(id), id);
  });

  await t.test('the incident pages', async () => {
    const page = await until('a page for payments', async () => {
      const {alerts} = await server.json('/alerts');
      return alerts.find(({labels, state}) => labels.alertname === 'SLOBurnRate' && state === 'firing' &&
        labels.severity === 'page' && labels.service === 'payments' && labels.slo === 'availability');
    }, {seconds: 150, everyMs: 500});
    assert.equal(page.labels.team, 'payments');
    assert.equal(page.annotations.link, `${server.url}/#payments/availability`);
    const slo = await server.json('/slos/payments/availability');
    assert.ok(['burning', 'exhausted'].includes(slo.groups[0].state), slo.groups[0].state);
    assert.deepEqual(slo.contributors.map(({labels}) => labels['http.route']), ['/charge']);
  });

  await t.test('Ctrl-C leaves nothing behind', async () => {
    assert.deepEqual(await server.stop('SIGINT'), {code: 0, signal: null});
    assert.deepEqual(await readdir(temporary), []);
    assert.deepEqual(await readdir(scene.folder), ['tmp']);
  });
});

test('a demo that is ended at once leaves nothing behind either', {timeout: 100_000}, async (t) => {
  const {server, temporary} = await startDemo(t);
  assert.deepEqual(await server.stop('SIGTERM'), {code: 0, signal: null});
  assert.deepEqual(await readdir(temporary), []);
});

test('nor does one whose user presses Ctrl-C twice', {timeout: 100_000}, async (t) => {
  const {server, temporary} = await startDemo(t);
  const ended = server.stop('SIGINT');
  await new Promise(setImmediate);
  process.kill(server.program.pid, 'SIGINT');
  await ended;  // 0 or 1: the second one may come too late to hurry
  assert.deepEqual(await readdir(temporary), []);
});
