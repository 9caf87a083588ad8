// Goal: what the OpenTelemetry SDK measures comes back from the Prometheus API sample by sample, by the names and labels
// that Prometheus gives it, cumulative or delta, over kill -9. Method: every kind of instrument of the SDK over each
// transport; what the exporter was given is turned into series here, plainly, and compared with a raw range query.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {setImmediate} from 'node:timers/promises';

import {AggregationTemporality, AggregationType, DataPointType, InstrumentType, MeterProvider,
  PeriodicExportingMetricReader} from '@opentelemetry/sdk-metrics';
import {CompressionAlgorithm} from '@opentelemetry/otlp-exporter-base';
import {resourceFromAttributes} from '@opentelemetry/resources';

import {transports} from './lib/exporters.mjs';
import {call} from './lib/http.mjs';
import {Scene} from './lib/scene.mjs';
import {anyPorts, serve} from './lib/slowburn.mjs';

const millis = ([seconds, nanos]) => seconds * 1000 + Math.floor(nanos / 1e6);

// An exporter that remembers what it was given, and asks for one temporality.
class Recorder {
  constructor(inner, temporality) {
    this.inner = inner;
    this.temporality = temporality;
    this.exports = [];
  }
  export(metrics, done) {
    this.exports.push(structuredClone(metrics.scopeMetrics));
    this.inner.export(metrics, (result) => {
      this.result = result;
      done(result);
    });
  }
  selectAggregationTemporality() { return this.temporality; }
  forceFlush() { return this.inner.forceFlush(); }
  shutdown() { return this.inner.shutdown(); }
}

// One of each instrument; `step` moves them all.
class Instruments {
  constructor(meter) {
    this.requests = meter.createCounter('http.requests', {description: 'Requests', unit: '{request}'});
    this.bytes = meter.createCounter('net.io', {unit: 'By'});
    this.active = meter.createUpDownCounter('http.active');
    this.duration = meter.createHistogram('http.duration', {unit: 's', advice: {explicitBucketBoundaries: [0.1, 0.5, 1]}});
    this.size = meter.createHistogram('http.size', {unit: 'By'});
    this.temperature = meter.createObservableGauge('room.temperature', {unit: 'Cel'});
    this.temperature.addCallback((result) => result.observe(20 + this.steps / 4, {room: 'a'}));
    this.steps = 0;
  }
  step() {
    const n = ++this.steps;
    this.requests.add(n, {'http.route': '/pay', code: 200});
    if (n % 2 === 1) this.requests.add(1, {'http.route': '/pay', code: 503});
    this.bytes.add(n * 0.5);
    this.active.add(n % 3 === 0 ? -2 : 1);
    for (const value of [0.05, 0.1, 0.3, 0.7 * n]) this.duration.record(value, {'http.route': '/pay'});
    for (const value of [0, 1, 3.5, 1024, 7 * n]) this.size.record(value);
  }
}

const unitNames = {'': '', '{request}': '', By: '_bytes', s: '_seconds', Cel: '_celsius'};
const escaped = (name) => name.replaceAll(/[^a-zA-Z0-9_:]/g, '_');

// What begins anew when its start is after the sample before.
const grows = new Set(['cumulative', 'delta']);

// The series of one run by their labels as JSON: {labels: Map of ms -> value}. A delta goes on from the sample before
// it; what begins after it begins anew, and says so by a zero.
class Wanted {
  constructor(labels) {
    this.labels = labels;
    this.series = new Map();
  }
  add(name, attributes, extra, point, value, adds) {
    const labels = {__name__: name, ...this.labels, ...extra};
    for (const [key, attribute] of Object.entries(attributes)) labels[escaped(key)] = `${attribute}`;
    const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (!this.series.has(key)) this.series.set(key, new Map());
    const samples = this.series.get(key);
    const [start, time] = [millis(point.startTime), millis(point.endTime)];
    const last = [...samples.keys()].at(-1);
    if (grows.has(adds) && last !== undefined && start > last && start < time) samples.set(start, 0);
    const begun = samples.has(start) && samples.get(start) === 0 && start > (last ?? Infinity);
    samples.set(time, adds.endsWith('delta') && last !== undefined && !begun ? samples.get(last) + value : value);
  }
  take(scopes) {
    for (const {metrics} of scopes) {
      for (const metric of metrics) this.takeMetric(metric);
    }
  }
  takeMetric({descriptor, dataPoints, dataPointType, aggregationTemporality, isMonotonic}) {
    const base = escaped(descriptor.name) + unitNames[descriptor.unit];
    const isDelta = aggregationTemporality === AggregationTemporality.DELTA;
    const counter = isDelta ? 'delta' : 'cumulative';
    for (const point of dataPoints) {
      const {attributes, value} = point;
      if (dataPointType === DataPointType.GAUGE) {
        this.add(base, attributes, {}, point, value, 'gauge');
      } else if (dataPointType === DataPointType.SUM) {
        this.add(isMonotonic ? `${base}_total` : base, attributes, {}, point, value,
          isMonotonic ? counter : isDelta ? 'level delta' : 'gauge');
      } else if (dataPointType === DataPointType.HISTOGRAM) {
        let upTo = 0;
        for (const [i, bound] of [...value.buckets.boundaries, '+Inf'].entries()) {
          upTo += value.buckets.counts[i];
          this.add(`${base}_bucket`, attributes, {le: `${bound}`}, point, upTo, counter);
        }
        this.add(`${base}_count`, attributes, {}, point, value.count, counter);
        this.add(`${base}_sum`, attributes, {}, point, value.sum, counter);
      }
    }
  }
  get floats() { return Object.fromEntries([...this.series].map(([key, samples]) => [key, Object.fromEntries(samples)])); }
}

// Every float sample of the run that the API has, as Wanted has them; and the native histograms.
async function stored(server, run) {
  const answer = await call(`${server.url}/api/v1/query?${new URLSearchParams({query: `{job="${run}"}[1h]`})}`);
  const {status, data} = JSON.parse(answer.text);
  assert.equal(status, 'success', answer.text);
  const floats = {}, histograms = {};
  for (const {metric, values, histograms: native} of data.result) {
    const key = JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (metric.__name__ === 'target_info') continue;
    if (values) floats[key] = Object.fromEntries(values.map(([t, v]) => [Math.round(t * 1000), Number(v)]));
    if (native) histograms[metric.__name__] = native;
  }
  return {floats, histograms};
}

// Until the clock shows another millisecond: two exports of one are one.
async function nextMillisecond() {
  const now = Date.now();
  while (Date.now() <= now) await setImmediate();
}

test('what the SDK measures is what a query finds', async (t) => {
  const scene = await Scene.open(t);
  let server = await serve(scene, await scene.write('slowburn.yaml', `data_dir: data\n${anyPorts}`));
  const runs = [];
  for (const [name, temporality] of [
    ['cumulative', AggregationTemporality.CUMULATIVE], ['delta', AggregationTemporality.DELTA]]) {
    for (const transport of transports) {
      const run = `${name}-${transport.name}`;
      const recorder = new Recorder(transport.exporter('metrics', server, CompressionAlgorithm.GZIP), temporality);
      const reader = new PeriodicExportingMetricReader({exporter: recorder, exportIntervalMillis: 3_600_000});
      const provider = new MeterProvider({
        resource: resourceFromAttributes({'service.name': run, 'service.instance.id': 'i-1', 'host.name': 'h'}),
        readers: [reader],
        views: [{instrumentName: 'http.size', instrumentType: InstrumentType.HISTOGRAM,
          aggregation: {type: AggregationType.EXPONENTIAL_HISTOGRAM}}],
      });
      await t.test(run, async () => {
        const instruments = new Instruments(provider.getMeter('e2e', '1.0'));
        for (let n = 0; n < 5; ++n) {
          instruments.step();
          await reader.forceFlush();
          assert.equal(recorder.result.code, 0, recorder.result.error);
          await nextMillisecond();
        }
        const wanted = new Wanted({
          job: run, instance: 'i-1', otel_scope_name: 'e2e', otel_scope_version: '1.0'});
        for (const scopes of recorder.exports) wanted.take(scopes);
        const got = await stored(server, run);
        assert.deepEqual(got.floats, wanted.floats);
        assert.deepEqual(Object.keys(got.histograms), ['http_size_bytes']);
        const sizes = got.histograms.http_size_bytes.map(([, {count, sum}]) => [Number(count), Number(sum)]);
        const sum = (n) => 1028.5 * n + 7 * n * (n + 1) / 2;
        assert.deepEqual(sizes, [1, 2, 3, 4, 5].map((n) => [5 * n, sum(n)]));
        runs.push(run);
      });
      await provider.shutdown();
    }
  }

  await t.test('target_info and metadata', async () => {
    const info = await call(`${server.url}/api/v1/query?${new URLSearchParams(
      {query: 'target_info{job="delta-grpc"}[1h]'})}`);
    const [{metric, values}] = JSON.parse(info.text).data.result;
    assert.deepEqual({...metric}, {__name__: 'target_info', job: 'delta-grpc', instance: 'i-1', host_name: 'h'});
    assert.ok(values.every(([, value]) => value === '1'));
    const metadata = await call(`${server.url}/api/v1/metadata?metric=http_requests_total`);
    assert.deepEqual(JSON.parse(metadata.text).data,
      {http_requests_total: [{type: 'counter', help: 'Requests', unit: ''}]});
  });

  await t.test('kill -9 loses nothing', async () => {
    const before = await Promise.all(runs.map((run) => stored(server, run)));
    await server.stop('SIGKILL');
    server = await serve(scene, `${scene.folder}/slowburn.yaml`);
    assert.deepEqual(await Promise.all(runs.map((run) => stored(server, run))), before);
  });
});
