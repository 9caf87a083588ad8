// Goal: whatever signal, encoding, transport and compression the OpenTelemetry SDK sends with, everything is
// accepted, accounted for, counted by an SLO on log records, and reaches a downstream. Method: the SDK's own exporters
// for traces, metrics and logs over http/json, http/protobuf and grpc, plain and gzip, beside an OTLP receiver that
// slowburn forwards to.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {CompressionAlgorithm} from '@opentelemetry/otlp-exporter-base';

import {transports} from './lib/exporters.mjs';
import {LogSource, MetricSource, SpanSource} from './lib/sources.mjs';
import {OtlpReceiver} from './lib/peers.mjs';
import {Scene} from './lib/scene.mjs';
import {anyPorts, serve} from './lib/slowburn.mjs';
import {until} from './lib/until.mjs';

const sources = {traces: SpanSource, metrics: MetricSource, logs: LogSource};

// Of each 200 records of a LogSource the last 50 are bad, by an attribute and by the body.
const logSlo = `apiVersion: slowburn/v1
kind: SLO
metadata: {name: records}
spec:
  service: shop
  sli:
    logs:
      match: HasPrefix(resource.attributes["service.name"], "logs-") and log.severity_number == SEVERITY_NUMBER_WARN
      bad: log.attributes["i"] >= 150 and IsMatch(log.body, "^logs-.*:1[5-9][0-9]$")
    group_by: [service.name]
  objective: 99%
  window: 1d
`;

async function start(scene, receiver) {
  await scene.write('slos/records.yaml', logSlo);
  return serve(scene, await scene.write('slowburn.yaml', `data_dir: data
slos: [slos/*.yaml]
${anyPorts}forward:
  otlp: [{name: backend, endpoint: 'http://${receiver.address}', protocol: grpc, signals: [traces, metrics, logs]}]
`));
}

test('every signal arrives over every transport', async (t) => {
  const scene = await Scene.open(t);
  const receiver = await OtlpReceiver.start(scene);
  const server = await start(scene, receiver);
  const sent = {traces: [], metrics: [], logs: []};
  for (const [signal, Source] of Object.entries(sources)) {
    for (const transport of transports) {
      for (const compression of [CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP]) {
        const name = `${signal}-${transport.name}-${compression}`;
        await t.test(name, async () => {
          const source = new Source(name, transport.exporter(signal, server, compression));
          const ids = await source.send(200);
          await source.shutdown();
          assert.ok(ids.length >= 200, `${name} sent ${ids.length} items`);
          sent[signal].push(...ids);
          const {signals} = await server.json('/ledger');
          assert.equal(signals[signal].accepted, sent[signal].length);
          assert.equal(signals[signal].decoded, sent[signal].length);
        });
      }
    }
  }
  // Every log record counted for the SLO, each service in its own group.
  const {groups: [total, ...groups]} = await until('the SLO has all log records', async () => {
    const slo = await server.json('/slos/shop/records');
    return slo.groups[0].total >= sent.logs.length && slo;
  });
  assert.deepEqual({good: total.good, bad: total.bad}, {good: sent.logs.length * 3 / 4, bad: sent.logs.length / 4});
  assert.equal(groups.length, transports.length * 2);
  for (const {labels, good, bad} of groups) assert.deepEqual([good, bad], [150, 50], labels['service.name']);
  // What was accepted went on, each item once.
  for (const [signal, ids] of Object.entries(sent)) {
    await until(`the receiver has all ${signal}`, () => receiver.items(signal).length >= ids.length);
    assert.deepEqual(receiver.items(signal).sort(), ids.sort(), signal);
  }
  const ledger = await until('nothing is pending', async () => {
    const reading = await server.json('/ledger');
    return reading.downstreams.backend.pending === 0 && reading;
  });
  assert.equal(ledger.imbalance, 0);
  assert.deepEqual(ledger.refused_requests, {});
});
