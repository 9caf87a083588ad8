// Goal: what an application sends is counted exactly, an incident pages a human once, and everybody downstream
// agrees. Method: the OpenTelemetry SDK over HTTP and gRPC on one side, Prometheus, Alertmanager with a webhook
// and an OTLP receiver on the other; every figure is compared with what was sent.
import assert from 'node:assert/strict';
import {rm} from 'node:fs/promises';
import {test} from 'node:test';

import {SpanKind} from '@opentelemetry/api';

import {Application, SentSpans} from './lib/application.mjs';
import {Alertmanager, OtlpReceiver, Prometheus, Webhook, missing} from './lib/peers.mjs';
import {run} from './lib/process.mjs';
import {Scene} from './lib/scene.mjs';
import {anyPorts, availabilitySlo, serve} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

const checkout = {alertname: 'SLOBurnRate', service: 'checkout', slo: 'availability', severity: 'page'};
const pay = {...checkout, http_route: '/pay'};

// Slices are 10 s of the epoch.
const sliceAt = (time) => Math.floor(time / 10) * 10;

async function writeConfig(scene, alertmanager, receiver) {
  await scene.write('slos/checkout.yaml', availabilitySlo('checkout'));
  await scene.write('slos/cart.yaml', availabilitySlo('cart'));
  return scene.write('slowburn.yaml', `data_dir: data
${anyPorts}slos: [slos/*.yaml]
external_labels: {cluster: test}
alerting: {resend: 15s}
forward:
  alertmanager: [{url: '${alertmanager.url}'}]
  otlp: [{name: backend, endpoint: 'http://${receiver.address}', protocol: grpc, signals: [traces]}]
`);
}

// Checkout is well until ten seconds ago, then every /pay fails. Cart had its incident, of /items, six minutes ago.
// The first spans are so young that of checkout's tiers only the one for outages can judge already.
function sendIncident({checkoutHttp, checkoutGrpc, cart}, now) {
  for (const application of [checkoutHttp, checkoutGrpc]) {
    application.requests(100, {route: '/pay', from: now - 200, to: now - 70});
    application.requests(40, {route: '/basket', from: now - 200, to: now - 1});
    application.requests(30, {route: '/pay', bad: true, from: now - 9, to: now - 1});
    application.requests(10, {route: '/pay', bad: true, kind: SpanKind.CLIENT, from: now - 60, to: now - 1});
  }
  cart.requests(100, {route: '/items', from: now - 430, to: now - 385});
  cart.requests(40, {route: '/items', bad: true, from: now - 380, to: now - 362});
  cart.requests(200, {route: '/items', from: now - 290, to: now - 1});
}

// The counts of an SLO over [start, end) are those of `sent`, in total and for each route.
async function assertCounts(server, sent, service, start, end) {
  const range = `start=${start}&end=${end}`;
  const routes = [undefined, ...new Set(sent.all.filter((span) => span.service === service).map((span) => span.route))];
  for (const route of routes) {
    const group = route === undefined ? '' : `&group.http.route=${encodeURIComponent(route)}`;
    const counts = await server.json(`/slos/${service}/availability/counts?${range}${group}`);
    assert.deepEqual(counts, {start, end, ...sent.counts(service, {route, start, end})}, `${service} ${route}`);
  }
}

async function assertAllCounts(server, sent) {
  const start = sliceAt(Math.min(...sent.all.map((span) => span.end)));
  const end = sliceAt(Date.now() / 1000) + 10;
  await assertCounts(server, sent, 'checkout', start, end);
  await assertCounts(server, sent, 'cart', start, end);
  // A part that begins and ends amid the traffic.
  await assertCounts(server, sent, 'checkout', start + 240, end - 20);
  await assertCounts(server, sent, 'cart', start + 50, start + 70);
}

// slowburn's own view of one alert.
async function ownAlert(server, labels) {
  const {alerts} = await server.json('/alerts');
  return alerts.find((alert) => {
    const {team, ...identity} = alert.labels;
    return Object.keys(identity).length === Object.keys(labels).length &&
      Object.entries(labels).every(([name, value]) => identity[name] === value);
  });
}

test('an incident from the SDK to the pager', {
  skip: missing('prometheus', 'prometheus-alertmanager', 'amtool', 'promtool'), timeout: 280_000,
}, async (t) => {
  const scene = await Scene.open(t);
  const webhook = await Webhook.start(scene);
  const alertmanager = await Alertmanager.start(scene, webhook);
  const receiver = await OtlpReceiver.start(scene);
  const config = await writeConfig(scene, alertmanager, receiver);
  let server = await serve(scene, config);
  const prometheus = await Prometheus.start(scene, server.address);

  const sent = new SentSpans();
  const applications = {
    checkoutHttp: Application.overHttp(scene, 'checkout', sent, server.otlpHttp),
    checkoutGrpc: Application.overGrpc(scene, 'checkout', sent, server.otlpGrpc),
    cart: Application.overHttp(scene, 'cart', sent, server.otlpHttp),
  };
  const flush = () => Promise.all(Object.values(applications).map((application) => application.flush()));

  await t.test('the page comes', async () => {
    sendIncident(applications, Date.now() / 1000);
    await flush();
    const [alert] = await until('the page reaches Alertmanager', async () => {
      const found = await alertmanager.alerts(pay);
      return found.length > 0 && found;
    }, {seconds: 15});
    assert.deepEqual(alert.labels, {...pay, team: 'shop', cluster: 'test'});
    assert.equal(alert.status.state, 'active');
    assert.match(alert.annotations.summary, /^checkout\/availability .*\/pay.* burns its error budget/);
    // It may have fired while the last requests were still on their way.
    assert.match(alert.annotations.description, /(\d+) of \1 events were bad in the last 1m.*99\.9%/);
    assert.equal(alert.annotations.tier, '1m/10s');
    assert.equal(alert.annotations.runbook_url, 'https://example.org/runbooks/checkout');
    assert.ok(Number(alert.annotations.burn_rate_1m) > 144, alert.annotations.burn_rate_1m);
    assert.match(alert.annotations.budget_remaining, /^-\d.*%$/);
    assert.equal(alert.annotations.exhaustion, 'spent');
    assert.equal(alert.annotations.link, `${server.url}/#checkout/availability`);
    await until('a human is told', () => webhook.of('firing', pay).length > 0);
  });

  await t.test('the total and the dead-man alert fire too, nothing else does', async () => {
    await until('three alerts', async () => (await alertmanager.alerts()).length === 3);
    const alerts = await alertmanager.alerts();
    const kinds = alerts.map(({labels}) => `${labels.alertname} ${labels.service ?? ''} ${labels.http_route ?? ''}`);
    assert.deepEqual(kinds.sort(), ['SLOBurnRate checkout ', 'SLOBurnRate checkout /pay', 'SLODeadMan  ']);
  });

  await t.test('amtool shows the page', async () => {
    const {code, stdout, stderr} = await run('amtool', [
      'alert', 'query', `--alertmanager.url=${alertmanager.url}`, '-o', 'json',
      ...Object.entries(pay).map(([name, value]) => `${name}="${value}"`)]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).map(({labels}) => labels.http_route), ['/pay']);
  });

  await t.test('slowburn says the same of its alerts', async () => {
    for (const labels of [checkout, pay]) {
      const own = await ownAlert(server, labels);
      assert.equal(own.state, 'firing');
      assert.equal(own.resolved_at, null);
      const told = (await alertmanager.alerts(labels)).find(({labels: all}) => all.http_route === labels.http_route);
      assert.ok(Math.abs(Date.parse(told.startsAt) / 1000 - own.fired_at) < 0.002, `${told.startsAt} ${own.fired_at}`);
    }
  });

  await t.test('an incident of six minutes ago does not fire', async () => {
    const cart = await server.json('/slos/cart/availability');
    assert.equal(cart.groups[0].state, 'exhausted');
    assert.deepEqual(cart.groups[0].alerts, []);
    const tiers = Object.fromEntries(cart.policy.tiers.map((tier) => [tier.name, tier]));
    assert.equal(tiers['1m/10s'].state, 'quiet');
    assert.equal(tiers['1h/5m'].state, 'quiet');
    // The long window alone would have fired.
    assert.ok(tiers['1h/5m'].long_burn_rate > tiers['1h/5m'].factor);
    assert.equal(tiers['1h/5m'].short_burn_rate, 0);
    assert.equal(tiers['6h/30m'].state, 'warming');
  });

  await t.test('good traffic goes on being counted', async () => {
    const now = Date.now() / 1000;
    applications.checkoutHttp.requests(25, {route: '/pay', from: now - 2, to: now});
    applications.checkoutGrpc.requests(25, {route: '/search', from: now - 2, to: now});
    await flush();
    await assertAllCounts(server, sent);
    await until('the newest slice is in the live window', async () => {
      const {groups} = await server.json('/slos/checkout/availability');
      assert.deepEqual(groups.map(({labels}) => labels['http.route']).sort(),
        ['/basket', '/pay', '/search', undefined]);
      const {good, bad, total} = groups[0];
      assert.deepEqual({good, bad, total}, sent.counts('checkout'));
      return true;
    }, {seconds: 5});
  });

  await t.test('every span came to the backend, once', async () => {
    const want = new Set(sent.ids());
    await until('all spans are forwarded', () => receiver.spans().length >= want.size);
    const spans = receiver.spans();
    assert.equal(spans.length, want.size);
    assert.deepEqual(spans.filter((span) => !want.delete(span)), [], 'spans that were not sent, or came twice');
    assert.deepEqual([...want], [], 'spans that did not come');
  });

  await t.test('the ledger balances', async () => {
    const count = sent.all.length;
    const ledger = await until('all deliveries are booked', async () => {
      const reading = await server.json('/ledger');
      return reading.downstreams.backend.delivered === count && reading;
    });
    assert.deepEqual(ledger.signals.traces,
      {decoded: count, accepted: count, duplicate: 0, rejected: {}, too_late: 0, imbalance: 0});
    assert.deepEqual(ledger.downstreams.backend,
      {routed: count, delivered: count, pending: 0, dropped: {}, imbalance: 0});
    assert.deepEqual(ledger.refused_requests, {});
    assert.equal(ledger.imbalance, 0);
  });

  await t.test('Prometheus has the same figures', async () => {
    const one = async (expression, want) => {
      const samples = await until(`${expression} is ${want}`, async () => {
        const found = await prometheus.query(expression);
        assert.equal(found.length, 1, JSON.stringify(found));
        assert.ok(Math.abs(found[0].value - want) <= 1e-9 * Math.abs(want), `it is ${found[0].value}`);
        return found;
      });
      return samples[0];
    };
    const slo = 'service="checkout",slo="availability"';
    const total = sent.counts('checkout');
    const payments = sent.counts('checkout', {route: '/pay'});
    await one('up{job="slowburn"}', 1);
    await one(`slowburn_slo_events_total{${slo},outcome="good"}`, total.good);
    await one(`slowburn_slo_events_total{${slo},outcome="bad"}`, total.bad);
    await one(`slowburn_slo_group_events_total{${slo},http_route="/pay",outcome="good"}`, payments.good);
    await one(`slowburn_slo_group_events_total{${slo},http_route="/pay",outcome="bad"}`, payments.bad);
    await one('slowburn_slo_objective_ratio{service="checkout"}', 0.999);
    await one(`slowburn_slo_burn_rate{${slo},window="1h"}`, total.bad / total.total / 0.001);
    await one(`slowburn_slo_sli_ratio{${slo},window="30d"}`, total.good / total.total);
    await one(`slowburn_slo_error_budget_remaining_ratio{${slo}}`, 1 - total.bad / (0.001 * total.total));
    const burn = await prometheus.query('slowburn_slo_burn_rate{service="checkout"}');
    assert.ok(burn.length > 1);
    const lint = await run('bash', ['-c', `promtool check metrics < "$0"`,
      await scene.write('metrics.txt', (await server.get('/metrics')).text)]);
    assert.equal(lint.code, 0, lint.stdout + lint.stderr);
  });

  await t.test('a restart keeps the counts and the alert, and nobody is told twice', async () => {
    const before = {checkout: await ownAlert(server, checkout), pay: await ownAlert(server, pay)};
    const [toldBefore] = await alertmanager.alerts(pay);
    assert.deepEqual(await server.stop('SIGTERM'), {code: 0, signal: null});
    server = await serve(scene, config);
    await assertAllCounts(server, sent);
    for (const [name, labels] of [['checkout', checkout], ['pay', pay]]) {
      const after = await ownAlert(server, labels);
      assert.equal(after.state, 'firing', name);
      assert.equal(after.fired_at, before[name].fired_at, name);
    }
    const toldAfter = await until('Alertmanager hears of it again', async () => {
      const [alert] = await alertmanager.alerts(pay);
      return alert.updatedAt !== toldBefore.updatedAt && alert;
    });
    assert.equal(toldAfter.startsAt, toldBefore.startsAt);
    assert.equal(toldAfter.fingerprint, toldBefore.fingerprint);
    assert.equal((await alertmanager.alerts()).length, 3);
    assert.equal(webhook.of('firing', pay).length, 1);
    assert.equal(webhook.of('resolved', checkout).length, 0);
    const ledger = await server.json('/ledger');
    assert.equal(ledger.signals.traces.accepted, sent.all.length);
    assert.equal(ledger.downstreams.backend.delivered, sent.all.length);
    assert.equal(ledger.imbalance, 0);
  });

  await t.test('an SLO that is removed takes its alerts along', async () => {
    await rm(scene.path('slos/checkout.yaml'));
    const answer = await server.reload();
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual((await server.json('/slos')).slos.map(({id}) => id), ['cart/availability']);
    await until('its alerts are resolved', async () => (await alertmanager.alerts(checkout)).length === 0);
    await until('the pager hears the end', () => webhook.of('resolved', pay).length > 0);
    const [resolved] = webhook.of('resolved', pay);
    assert.ok(Date.parse(resolved.endsAt) <= Date.now(), resolved.endsAt);
    assert.equal(Date.parse(resolved.startsAt), Date.parse(webhook.of('firing', pay)[0].startsAt));
    const own = await ownAlert(server, pay);
    assert.equal(own.state, 'inactive');
    assert.ok(Math.abs(own.resolved_at - Date.parse(resolved.endsAt) / 1000) < 0.002);
    assert.equal((await alertmanager.alerts({alertname: 'SLODeadMan'})).length, 1);
  });

  await t.test('it ends cleanly', async () => {
    assert.deepEqual(await server.stop('SIGTERM'), {code: 0, signal: null});
  });
});
