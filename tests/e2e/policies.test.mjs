// Goal: every kind of alert and of budget that a spec can ask for reaches a real Alertmanager, with the labels it
// says, and ends when its reason does. Method: one service's traffic of the last three hours over OTLP, many SLOs on
// the same SLI, and an exclusion that takes the whole incident away again.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Application, SentSpans} from './lib/application.mjs';
import {call} from './lib/http.mjs';
import {Alertmanager, Webhook, missing} from './lib/peers.mjs';
import {Scene} from './lib/scene.mjs';
import {anyPorts, serve} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

const spans = (service) => `{spans: {match: 'resource.attributes["service.name"] == "${service}"',
    bad: span.status.code == STATUS_CODE_ERROR}}`;

function slo(service, name, {sli = spans(service), objective = '99%', window = '30d', budgeting, alerting}) {
  return `---
apiVersion: slowburn/v1
kind: SLO
metadata: {name: ${name}}
spec:
  service: ${service}
  sli: ${sli}
  objective: ${objective}
  window: ${window}
${budgeting === undefined ? '' : `  budgeting: ${budgeting}\n`}  alerting: ${alerting}
`;
}

// Nobody is told of burn rates, so that the other alerts stand alone. (Of a whole severity it would hold for them too.)
const quiet = `policy: sre-workbook, tiers: {${['1h/5m', '6h/30m', '1d/2h', '3d/6h']
  .map((tier) => `"${tier}": {disable: true}`).join(', ')}}`;

const files = [
  slo('checkout', 'pyrra', {alerting: '{policy: pyrra, severities: {critical: {for: 0s}}}'}),
  slo('checkout', 'listed', {alerting: `
    policy:
      - {severity: page, long: 1h, short: 5m, burn_rate: 80, name: hot}
      - {severity: ticket, long: 2h, short: 10m, burn_rate: 5, name: warm, labels: {queue: shop}}
      - {severity: ticket, long: 2h, short: 10m, burn_rate: 5, min_total: 100000, name: sparse, labels: {queue: none}}`}),
  slo('checkout', 'superseding', {alerting: '{policy: sre-workbook}'}),
  slo('checkout', 'state', {alerting: `{${quiet}, exhaustion: {within: 3d}, violated: {severity: ticket},
    budget: [{remaining: 25%, severity: ticket}, {remaining: 0, severity: page}]}`}),
  slo('checkout', 'calendar', {window: '{calendar: year, time_zone: Europe/Paris}',
    alerting: `{${quiet}, violated: {severity: page}}`}),
  slo('checkout', 'minutes', {objective: '90%', budgeting: '{method: timeslices, timeslice: 1m, target: 95%}',
    alerting: `{${quiet}, violated: {severity: ticket}}`}),
  slo('cart', 'availability', {alerting: `{${quiet}, no_data: {for: 10s}}`}),
  slo('shop', 'journey', {sli: '{composite: {worst_of: [checkout/state, cart/availability]}}',
    alerting: '{policy: sre-workbook}'}),
];

// Alertname, SLO and severity of each alert that there must be.
const expected = [
  'SLOBudgetLow state page', 'SLOBurnRate journey page', 'SLOBurnRate listed ticket', 'SLOBurnRate pyrra critical',
  'SLOBurnRate superseding page', 'SLOExhaustion state ticket', 'SLONoData availability ticket',
  'SLOViolated calendar page', 'SLOViolated minutes ticket', 'SLOViolated state ticket',
];
const shown = ({labels}) => `${labels.alertname} ${labels.slo} ${labels.severity}`;

test('every kind of alert reaches Alertmanager and ends', {
  skip: missing('prometheus-alertmanager'), timeout: 200_000,
}, async (t) => {
  const scene = await Scene.open(t);
  const webhook = await Webhook.start(scene);
  const alertmanager = await Alertmanager.start(scene, webhook);
  await scene.write('slos/all.yaml', files.join(''));
  const config = await scene.write('slowburn.yaml', `data_dir: data
${anyPorts}slos: [slos/*.yaml]
alerting: {resend: 1s, dead_man: false}
forward:
  alertmanager: [{url: '${alertmanager.url}'}]
`);
  const server = await serve(scene, config);

  // Two good hours, then an hour in which every other request fails; cart has been silent since a good hour.
  const now = Math.floor(Date.now() / 10_000) * 10;
  const incident = now - 3600;
  const checkout = Application.overHttp(scene, 'checkout', new SentSpans(), server.otlpHttp);
  const cart = Application.overHttp(scene, 'cart', new SentSpans(), server.otlpHttp);
  checkout.requests(720, {route: '/', from: incident - 7200, to: incident});
  checkout.requests(360, {route: '/', from: incident, to: now});
  checkout.requests(360, {route: '/', bad: true, from: incident, to: now});
  cart.requests(100, {route: '/', from: incident - 7200, to: incident - 3600});
  await Promise.all([checkout.flush(), cart.flush()]);

  await t.test('those that must come, no other', async () => {
    await until('all alerts', async () => {
      assert.deepEqual((await alertmanager.alerts()).map(shown).sort(), expected);
      return true;
    });
    const [listed] = await alertmanager.alerts({slo: 'listed'});
    assert.deepEqual(listed.labels,
      {alertname: 'SLOBurnRate', service: 'checkout', slo: 'listed', severity: 'ticket', queue: 'shop'});
    assert.equal(listed.annotations.tier, 'warm');
    const [pyrra] = await alertmanager.alerts({slo: 'pyrra'});
    assert.equal(pyrra.annotations.tier, '1h4m/5m');
  });

  await t.test('the tier that is held back says why', async () => {
    const {policy} = await server.json('/slos/checkout/listed');
    const states = Object.fromEntries(policy.tiers.map(({name, state}) => [name, state]));
    assert.deepEqual(states, {hot: 'quiet', warm: 'burning', sparse: 'suppressed'});
  });

  await t.test('composite and calendar count what was sent', async () => {
    const totals = async (id) => {
      const {groups: [{good, bad, total}]} = await server.json(`/slos/${id}`);
      return [good, bad, total];
    };
    assert.deepEqual(await totals('checkout/state'), [1080, 360, 1440]);
    assert.deepEqual(await totals('shop/journey'), [1080, 360, 1440]);
    const yearOfIncident = new Date((incident - 7200 + 3600) * 1000).getUTCFullYear();
    if (yearOfIncident === new Date((now + 3600) * 1000).getUTCFullYear()) {
      assert.deepEqual(await totals('checkout/calendar'), [1080, 360, 1440]);
    }
  });

  await t.test('without its incident they end', async () => {
    const answer = await call(`${server.url}/api/slo/v1/exclusions`, {method: 'POST', body: JSON.stringify(
      {slos: ['checkout/*', 'shop/*'], start: new Date(incident * 1000).toISOString(), duration: '1h10m'})});
    assert.equal(answer.status, 201, answer.text);
    await until('all but the silence resolved', async () => {
      assert.deepEqual((await alertmanager.alerts()).map(shown), ['SLONoData availability ticket']);
      return true;
    });
    await until('the pager was told of each end', () => {
      assert.deepEqual([...new Set(webhook.alerts.filter(({status}) => status === 'resolved').map(shown))].sort(),
        expected.filter((alert) => !alert.startsWith('SLONoData')));
      return true;
    });
  });

  await t.test('an event ends the silence', async () => {
    cart.requests(1, {route: '/', from: Date.now() / 1000 - 1, to: Date.now() / 1000});
    await cart.flush();
    await until('the silence was told to end', () => webhook.of('resolved', {alertname: 'SLONoData'}).length > 0);
  });
});
