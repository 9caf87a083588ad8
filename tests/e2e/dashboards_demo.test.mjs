// Goal: every panel of the Grafana boards shows something when slowburn runs. Method: what Grafana would ask is made of
// the boards' JSON, as Grafana does it, and asked of a demo until its incident pages.
import assert from 'node:assert/strict';
import {mkdir} from 'node:fs/promises';
import {test} from 'node:test';

import {Dashboard} from './lib/dashboard.mjs';
import {PrometheusApi} from './lib/prometheus_api.mjs';
import {Scene} from './lib/scene.mjs';
import {Server} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

const boards = await Dashboard.readAll();
const boardOf = (uid) => boards.find((board) => board.uid === uid);
const overview = boardOf('slowburn-slo-overview');
const detail = boardOf('slowburn-slo-detail');

// Whether an answer has a number to show.
const hasNumber = ({result}) => result.some(({value, values}) =>
  (values ?? [value]).some(([, number]) => Number.isFinite(Number(number))));

async function startDemo(t) {
  const scene = await Scene.open(t);
  await mkdir(scene.path('tmp'));
  return Server.begin(scene, ['demo', '--free-ports'], {cwd: scene.folder, env: {TMPDIR: scene.path('tmp')}});
}

// Asks every panel; the titles of those that have nothing to show. A query that is refused throws.
async function emptyPanels(board, api, chosen) {
  const now = Date.now() / 1000;
  const values = await board.open(api, now, chosen);
  const empty = [];
  for (const panel of board.panels) {
    for (const {refId, expr, range} of board.queriesOf(panel, values, now)) {
      const answer = await (range ? api.range(expr, range) : api.instant(expr, now));
      if (!hasNumber(answer)) empty.push(`${panel.title} ${refId}: ${expr}`);
    }
  }
  return empty;
}

test('every panel shows something in the demo', {timeout: 280_000}, async (t) => {
  const server = await startDemo(t);
  const api = new PrometheusApi(server.url);

  await t.test('our parser takes every expression', async () => {
    await until('the first series', async () =>
      (await api.instant('slowburn_slo_objective_ratio', Date.now() / 1000)).result.length === 6);
    for (const board of boards) {
      const values = await board.open(api, Date.now() / 1000);
      for (const expr of board.expressions)
        await api.formatted(board.expand(expr, values, {step: 15, range: 21600}));
    }
  });

  await t.test('the variables have the values of the demo', async () => {
    const now = Date.now() / 1000;
    const options = (values) => Object.fromEntries(Object.entries(values).map(([name, {options}]) => [name, options]));
    const all = options(await overview.open(api, now));
    assert.deepEqual(all.service, ['checkout', 'frontend', 'payments']);
    assert.deepEqual(all.slo, ['availability', 'latency']);
    assert.ok(all.window.includes('1h'), all.window.join());
    const grouped = options(await detail.open(api, now, {service: 'payments', slo: 'availability'}));
    assert.deepEqual(grouped.group_by, ['http_route']);
    assert.deepEqual(grouped.group, ['/charge']);
    const plain = options(await detail.open(api, now, {service: 'payments', slo: 'latency'}));
    assert.deepEqual(plain.group_by, ['group']);
    assert.deepEqual(plain.group, []);
  });

  await t.test('the overview, once the incident pages', () => until('data in every panel', async () => {
    assert.deepEqual(await emptyPanels(overview, api), []);
    return true;
  }, {seconds: 150, everyMs: 2000}));

  await t.test('the detail of a grouped SLO, and of one with a latency', () => until('data in every panel', async () => {
    const ofAvailability = await emptyPanels(detail, api, {service: 'payments', slo: 'availability'});
    assert.deepEqual(ofAvailability.filter((query) => !query.startsWith('Latency ')), []);
    const ofLatency = await emptyPanels(detail, api, {service: 'payments', slo: 'latency'});
    assert.deepEqual(ofLatency.filter((query) => query.startsWith('Latency ')), []);
    return true;
  }, {seconds: 90, everyMs: 2000}));

  await t.test('how near an alert is says what its tier says', async () => {
    const now = Date.now() / 1000;
    const ask = async (name) => (await api.instant(`${name}{service="payments",slo="availability"}`, now)).result;
    const burn = Object.fromEntries(
      (await ask('slowburn_slo_burn_rate')).map(({metric, value}) => [metric.window, Number(value[1])]));
    const want = Object.fromEntries((await ask('slowburn_slo_burn_rate_threshold')).map(({metric, value}) => [
      metric.tier, Math.min(burn[metric.window], burn[metric.short_window]) / Number(value[1])]));
    const panel = detail.panels.find(({title}) => title === 'How near each alert is');
    const values = await detail.open(api, now, {service: 'payments', slo: 'availability'});
    const [{expr}] = detail.queriesOf(panel, values, now);
    const shown = (await api.instant(expr, now)).result;
    assert.deepEqual(shown.map(({metric}) => metric.tier).sort(), Object.keys(want).sort());
    for (const {metric, value} of shown)
      assert.ok(Math.abs(Number(value[1]) - want[metric.tier]) < 1e-9, `${metric.tier}: ${value[1]}, ${want[metric.tier]}`);
  });

  await t.test('every metric that a board names is there', async () => {
    const now = Date.now() / 1000;
    const there = await api.labelValues('__name__', {start: now - 3600, end: now});
    for (const board of boards) {
      const named = [...board.expressions, ...board.variableQueries]
        .flatMap((expr) => expr.match(/\b(?:slowburn_\w+|ALERTS\w*)/g) ?? []);
      for (const name of new Set(named)) assert.ok(there.includes(name), `${board.json.title}: there is no ${name}`);
    }
  });

  await t.test('the rules and alerts that Grafana lists are those of the SLOs', async () => {
    const {alerts} = await api.get('alerts');
    assert.ok(alerts.some(({labels, state}) => labels.service === 'payments' && state === 'firing'));
    const {groups} = await api.get('rules?type=alert');
    assert.ok(groups.some(({name}) => name === 'payments/availability'));
  });
});
