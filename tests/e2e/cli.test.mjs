// Goal: every command explains itself, its output can be read by people and by programs, and its exit code is what
// DESIGN promises. Method: the built program, a server and an Alertmanager of its own.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';

import {Application, SentSpans} from './lib/application.mjs';
import {freePort} from './lib/http.mjs';
import {Alertmanager, Webhook, missing} from './lib/peers.mjs';
import {Scene} from './lib/scene.mjs';
import {anyPorts, availabilitySlo, serve, slowburn} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

const commands = [
  '', 'serve', 'demo', 'check', 'slo', 'slo list', 'slo show', 'alert', 'alert test', 'ledger', 'load', 'query', 'version',
  'backup', 'backup create', 'backup list', 'backup verify', 'backup restore', 'recover',
].map((command) => command.split(' ').filter(Boolean));

for (const command of commands) {
  test(`${['slowburn', ...command].join(' ')} --help has an example`, async () => {
    const {code, stdout, stderr} = await slowburn([...command, '--help']);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.match(stdout, new RegExp(`Examples?:\\n\\s+slowburn ${command.join(' ')}`));
  });
}

const mistakes = {
  'no command': [],
  'an unknown command': ['server'],
  'an unknown option': ['serve', '--colour'],
  'an option without its value': ['serve', '--config'],
  'an unknown output': ['version', '--output', 'xml'],
  'no file to check': ['check'],
  'no SLO to show': ['slo', 'show'],
  'no SLO id': ['slo', 'show', 'checkout'],
  'no Alertmanager': ['alert', 'test'],
  'a rate that is no number': ['load', '--rate', 'fast'],
  'no folder of backups': ['backup', 'list'],
  'a folder without backups': ['backup', 'verify', '--backups', '/nonexistent'],
  'nowhere to restore to': ['backup', 'restore', '--backups', '/nonexistent'],
  'nothing to recover': ['recover', '--data-dir', '/nonexistent'],
  'an unknown signal': ['load', '--signal', 'profiles'],
  'two targets': ['load', '--to', 'grpc://127.0.0.1:4317', '--endpoint', 'http://127.0.0.1:4318'],
  'a target of an unknown kind': ['load', '--to', 'ftp://127.0.0.1:4317'],
};
for (const [name, args] of Object.entries(mistakes)) {
  test(`a mistake in the arguments: ${name}`, async () => {
    const {code, stdout, stderr} = await slowburn(args);
    assert.equal(code, 1, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /\S/);
  });
}

test('version', async () => {
  const table = await slowburn(['version']);
  assert.equal(table.code, 0);
  const [, version] = /^slowburn (\d+\.\d+\.\d+)\n$/.exec(table.stdout);
  const json = await slowburn(['version', '--output', 'json']);
  assert.equal(json.code, 0);
  assert.deepEqual(JSON.parse(json.stdout), {version});
});

test('check', async (t) => {
  const scene = await Scene.open(t);
  const fine = await scene.write('slos/checkout.yaml', availabilitySlo('checkout'));
  const config = await scene.write('slowburn.yaml', `slos: [slos/*.yaml]\n${anyPorts}`);
  const wrong = await scene.write('wrong.yaml', availabilitySlo('cart', {objective: '99.9'}).replace('30d', '2y'));
  // It counts what other services do, too.
  const doubtful = await scene.write('doubtful.yaml',
    availabilitySlo('search').replace('resource.attributes["service.name"] == "search" and ', ''));
  const check = async (...args) => {
    const result = await slowburn(['check', ...args], {cwd: scene.folder});
    assert.ok(!`${result.stdout}${result.stderr}`.includes('\x1b'), 'colour although nobody looks');
    return result;
  };

  await t.test('fine files', async () => {
    const {code, stdout, stderr} = await check(fine);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^1 file, 1 SLO: 0 warnings$/m);
    assert.equal(stderr, '');
    assert.equal((await check(config)).code, 0);
  });
  await t.test('errors', async () => {
    const {code, stderr} = await check(fine, wrong);
    assert.equal(code, 1);
    assert.match(stderr, /wrong\.yaml:13: objective/);
    assert.match(stderr, /wrong\.yaml:14: .*window/);
  });
  await t.test('warnings', async () => {
    const {code, stderr} = await check(doubtful);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /doubtful\.yaml:\d+: .*service\.name/);
    assert.equal((await check(doubtful, wrong)).code, 1, 'errors outweigh warnings');
  });
  await t.test('notes on what a policy leaves out, which are no warnings', async () => {
    const low = await scene.write('low.yaml', availabilitySlo('low', {objective: '90%'}));
    const {code, stdout, stderr} = await check(low);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /low\.yaml:\d+: low\/availability goes without the tier 1h\/5m \(page\).* \(note\)$/m);
  });
  await t.test('tiers of a list that can never fire, and windows beyond the retention', async () => {
    const slo = availabilitySlo('search').replace(/alerting: .*/,
      'alerting:\n    policy:\n      - {severity: page, long: 31d, short: 1h, burn_rate: 2}');
    await scene.write('lists/search.yaml', slo);
    const kept = await scene.write('kept.yaml', `slos: [lists/*.yaml]\nretention: 7d\n${anyPorts}`);
    const {code, stderr} = await check(kept);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /search\.yaml:\d+: tier 31d\/1h can never fire: .* longer than the SLO's 30d/);
    assert.match(stderr, /search\.yaml:\d+: the window of search\/availability is 30d, longer than the retention of 1w/);
  });
  await t.test('one id in two files', async () => {
    const again = await scene.write('again.yaml', availabilitySlo('checkout'));
    const {code, stderr} = await check(fine, again);
    assert.equal(code, 1);
    assert.match(stderr, /checkout\/availability/);
    assert.match(stderr, /again\.yaml/);
    assert.match(stderr, /checkout\.yaml/);
  });
  await t.test('a file that is not there', async () => {
    const {code, stderr} = await check('nothing.yaml');
    assert.equal(code, 1);
    assert.match(stderr, /nothing\.yaml/);
  });
  await t.test('JSON', async () => {
    const {code, stdout, stderr} = await check('--output', 'json', wrong, doubtful, fine);
    assert.equal(code, 1, stderr);
    const findings = JSON.parse(stdout);
    assert.equal(findings.errors.length, 2);
    assert.equal(findings.warnings.length, 1);
  });
});

test('slo', {timeout: 60_000}, async (t) => {
  const scene = await Scene.open(t);
  await scene.write('slos/checkout.yaml', availabilitySlo('checkout'));
  await scene.write('slos/cart.yaml', availabilitySlo('cart'));
  const server = await serve(scene, await scene.write('slowburn.yaml', `slos: [slos/*.yaml]\n${anyPorts}`));
  const application = Application.overHttp(scene, 'checkout', new SentSpans(), server.otlpHttp);
  const now = Date.now() / 1000;
  application.requests(3997, {route: '/pay', from: now - 100, to: now - 90});
  application.requests(3, {route: '/pay', bad: true, from: now - 100, to: now - 90});
  await application.flush();
  const ask = (...args) => slowburn(['slo', ...args, '--server', server.url]);

  await t.test('list', async () => {
    const {code, stdout, stderr} = await ask('list');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^SLO +STATE +OBJECTIVE/);
    assert.match(stdout, /^checkout\/availability +ok +99\.9% +30d +occurrences +99\.925% +25% /m);
    assert.match(stdout, /^cart\/availability +no_data +99\.9% +30d +occurrences +- +- /m);
    assert.ok(!stdout.includes('\x1b'), 'colour although nobody looks');
  });
  await t.test('list as JSON', async () => {
    const {code, stdout} = await ask('list', '--output', 'json', '--service', 'checkout');
    assert.equal(code, 0);
    const {slos} = JSON.parse(stdout);
    assert.deepEqual(slos.map(({id}) => id), ['checkout/availability']);
    assert.equal(slos[0].groups[0].bad, 3);
  });
  await t.test('list with filters', async () => {
    const {stdout} = await ask('list', '--state', 'no_data');
    assert.match(stdout, /cart\/availability/);
    assert.doesNotMatch(stdout, /checkout/);
    const unknown = await ask('list', '--state', 'fine');
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /fine/);
  });
  await t.test('show', async () => {
    const {code, stdout, stderr} = await ask('show', 'checkout/availability');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^checkout\/availability +ok /m);
    assert.match(stdout, /^ {2}http\.route=\/pay +ok /m);
    assert.match(stdout, /^1h +0\.75$/m);
    assert.match(stdout, /^TIER +SEVERITY +ABOVE +LONG +SHORT +FOR +STATE +WHY$/m);
    assert.match(stdout, /^1h\/5m +page +14\.4 +0\.75 +0\.75 +0s +warming +the first event was .* ago/m);
  });
  await t.test('show as JSON', async () => {
    const {code, stdout} = await ask('show', 'checkout/availability', '--output', 'json');
    assert.equal(code, 0);
    const slo = JSON.parse(stdout);
    assert.equal(slo.objective, 0.999);
    assert.equal(slo.policy.name, 'slowburn');
    assert.match(slo.spec, /^apiVersion: slowburn\/v1/);
  });
  await t.test('show of what is not there', async () => {
    const {code, stdout, stderr} = await ask('show', 'checkout/latency');
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /checkout\/latency/);
  });
  await t.test('no server', async () => {
    const {code, stderr} = await slowburn(['slo', 'list', '--server', `http://127.0.0.1:${await freePort()}`]);
    assert.equal(code, 1);
    assert.match(stderr, /127\.0\.0\.1.*--server/);
  });
});

test('load', {timeout: 60_000}, async (t) => {
  const scene = await Scene.open(t);
  const server = await serve(scene, await scene.write('slowburn.yaml', anyPorts));
  const send = (...args) => slowburn(['load', '--rate', 'max', '--items-per-request', '100', ...args], {cwd: scene.folder});

  await t.test('a table', async () => {
    const {code, stdout, stderr} = await send('--to', server.otlpHttp, '--requests', '10');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^SIGNAL +SENT +ACKED +REJECTED/);
    assert.match(stdout, /^traces +1000 +1000 +0 +0 +0 +0$/m);
    assert.match(stdout, /^latency p99 +\d/m);
    assert.ok(!`${stdout}${stderr}`.includes('\x1b'), 'colour although nobody looks');
  });
  await t.test('JSON, and what the server counted', async () => {
    const before = (await server.json('/ledger')).signals;
    const {code, stdout, stderr} = await send('--to', `grpc://${server.otlpGrpc}`, '--signal', 'all', '--requests', '30',
      '--output', 'json');
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout);
    assert.equal(report.protocol, 'grpc');
    assert.equal(report.requests.acked, 30);
    assert.ok(report.latency_seconds.p99 > 0);
    const after = (await server.json('/ledger')).signals;
    for (const [signal, {items}] of Object.entries(report.signals)) {
      assert.ok(items.acked > 0, signal);
      assert.equal(after[signal].accepted - before[signal].accepted, items.acked, signal);
    }
    assert.deepEqual(Object.keys(report.signals).sort(), ['logs', 'metrics', 'traces']);
  });
  await t.test('--ids says what became of each request', async () => {
    const {code, stderr} = await send('--to', server.otlpHttp, '--requests', '3', '--seed', '7', '--ids', 'ids.txt',
      '--fail-on-loss');
    assert.equal(code, 0, stderr);
    assert.match(await readFile(scene.path('ids.txt'), 'utf8'), /^traces acked 0 2$/m);
  });
  await t.test('nobody there', async () => {
    const {code, stdout, stderr} = await send('--to', `http://127.0.0.1:${await freePort()}`, '--requests', '1');
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /127\.0\.0\.1.*--to/);
  });
});

test('alert test', {skip: missing('prometheus-alertmanager'), timeout: 100_000}, async (t) => {
  const scene = await Scene.open(t);
  const webhook = await Webhook.start(scene);
  const alertmanager = await Alertmanager.start(scene, webhook);
  const config = await scene.write('slowburn.yaml', `external_url: http://slowburn.example.org
external_labels: {cluster: eu-1}
forward: {alertmanager: [{url: '${alertmanager.url}'}]}
`);

  await t.test('it arrives, as the config says', async () => {
    const {code, stdout, stderr} = await slowburn(
      ['alert', 'test', '--config', config, '--severity', 'ticket', '--label', 'team=shop']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^${alertmanager.url} +sent`, 'm'));
    const labels = {alertname: 'SLOTest', severity: 'ticket', cluster: 'eu-1', team: 'shop'};
    const [alert] = await until('the test alert', async () => {
      const found = await alertmanager.alerts(labels);
      return found.length > 0 && found;
    });
    assert.deepEqual(alert.labels, labels);
    assert.match(alert.annotations.summary, /test/);
    assert.match(alert.generatorURL, /^http:\/\/slowburn\.example\.org/);
    // Nobody resolves it, so it must end by itself.
    const minutes = (Date.parse(alert.endsAt) - Date.now()) / 60_000;
    assert.ok(minutes > 3 && minutes <= 4, alert.endsAt);
    await until('the human is told', () => webhook.of('firing', labels).length === 1);
  });
  await t.test('what is no label is not left out', async () => {
    for (const label of ['team', 'team=', '=shop', 'my-team=shop', 'alertname=']) {
      const {code, stdout, stderr} = await slowburn(['alert', 'test', '--config', config, '--label', label]);
      assert.equal(code, 1, label);
      assert.equal(stdout, '', label);
      assert.ok(stderr.includes(`"${label}"`) && stderr.includes('NAME=VALUE'), stderr);
    }
  });
  await t.test('it says when it ends', async () => {
    const slow = await scene.write('slow.yaml', `alerting: {resend: 10m}
forward: {alertmanager: [{url: '${alertmanager.url}'}]}
`);
    const sent = await slowburn(['alert', 'test', '--config', slow, '--severity', 'ticket', '--label', 'team=slow']);
    assert.equal(sent.code, 0, sent.stderr);
    const [alert] = await until('the test alert', async () => {
      const found = await alertmanager.alerts({team: 'slow'});
      return found.length > 0 && found;
    });
    assert.match(alert.annotations.description, /resolves by itself in 40m\./);
  });
  await t.test('without a config', async () => {
    const {code, stdout} = await slowburn(['alert', 'test', '--alertmanager', alertmanager.url, '--output', 'json']);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), [{alertmanager: alertmanager.url, sent: true, error: ''}]);
    await until('the test alert', async () => (await alertmanager.alerts({severity: 'page'})).length === 1);
  });
  await t.test('one of two is away', async () => {
    const away = `http://127.0.0.1:${await freePort()}`;
    const {code, stdout} = await slowburn(
      ['alert', 'test', '--config', config, '--alertmanager', away, '--output', 'json']);
    assert.equal(code, 1);
    const sent = Object.fromEntries(JSON.parse(stdout).map((result) => [result.alertmanager, result.sent]));
    assert.deepEqual(sent, {[alertmanager.url]: true, [away]: false});
  });
});
