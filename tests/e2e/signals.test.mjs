// Goal: whatever signal, encoding, transport and compression the OpenTelemetry SDK sends with, everything is
// accepted, accounted for, and reaches a downstream. Method: the SDK's own exporters for traces, metrics and logs
// over http/json, http/protobuf and grpc, plain and gzip, beside an OTLP receiver that slowburn forwards to.
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

async function start(scene, receiver) {
  return serve(scene, await scene.write('slowburn.yaml', `data_dir: data
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
