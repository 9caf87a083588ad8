// Telemetry of the SDK, with the id of every item as the receiver prints it.
import {SeverityNumber} from '@opentelemetry/api-logs';
import {resourceFromAttributes} from '@opentelemetry/resources';
import {BatchLogRecordProcessor, LoggerProvider} from '@opentelemetry/sdk-logs';
import {AggregationType, MeterProvider, PeriodicExportingMetricReader} from '@opentelemetry/sdk-metrics';
import {BasicTracerProvider, BatchSpanProcessor} from '@opentelemetry/sdk-trace-base';

const resource = (name) => resourceFromAttributes({'service.name': name});

export class SpanSource {
  #provider;
  constructor(name, exporter) {
    this.name = name;
    this.#provider = new BasicTracerProvider({
      resource: resource(name), spanProcessors: [new BatchSpanProcessor(exporter, {maxExportBatchSize: 70})]});
  }

  // Sends `count` spans; their ids once all are acknowledged.
  async send(count) {
    const tracer = this.#provider.getTracer('test');
    const ids = [];
    for (let i = 0; i < count; ++i) {
      const span = tracer.startSpan(`span ${i}`, {attributes: {i, 'http.route': '/\u00e9', ok: true, x: 0.5, l: ['a']}});
      span.addEvent('event', {i});
      span.end();
      ids.push(`${span.spanContext().traceId} ${span.spanContext().spanId}`);
    }
    await this.#provider.forceFlush();
    return ids;
  }

  shutdown() { return this.#provider.shutdown(); }
}

export class LogSource {
  #provider;
  constructor(name, exporter) {
    this.name = name;
    this.#provider = new LoggerProvider({
      resource: resource(name), processors: [new BatchLogRecordProcessor(exporter, {maxExportBatchSize: 70})]});
  }

  async send(count) {
    const logger = this.#provider.getLogger('test');
    const ids = [];
    for (let i = 0; i < count; ++i) {
      const body = `${this.name}:${i}`;
      logger.emit({severityNumber: SeverityNumber.WARN, severityText: 'WARN', body, attributes: {i, nested: {a: [1]}}});
      ids.push(body);
    }
    await this.#provider.forceFlush();
    return ids;
  }

  shutdown() { return this.#provider.shutdown(); }
}

// Counters, up-down counters, gauges, explicit and exponential histograms: 50 streams of each.
export class MetricSource {
  #exporter;
  #provider;
  #reader;
  constructor(name, exporter) {
    this.name = name;
    this.#exporter = exporter;
    this.#reader = new PeriodicExportingMetricReader({exporter, exportIntervalMillis: 3_600_000});
    this.#provider = new MeterProvider({
      resource: resource(name), readers: [this.#reader],
      views: [{instrumentName: '*-exponential', aggregation: {type: AggregationType.EXPONENTIAL_HISTOGRAM}}],
    });
  }

  async send(count) {
    const meter = this.#provider.getMeter('test');
    const instruments = {
      counter: meter.createCounter(`${this.name}-counter`, {unit: '1'}),
      updown: meter.createUpDownCounter(`${this.name}-updown`),
      gauge: meter.createGauge(`${this.name}-gauge`),
      histogram: meter.createHistogram(`${this.name}-histogram`, {unit: 's'}),
      exponential: meter.createHistogram(`${this.name}-exponential`, {unit: 's'}),
    };
    const ids = [];
    for (const [kind, instrument] of Object.entries(instruments)) {
      for (let stream = 0; stream < count / 4; ++stream) {
        (instrument.add ?? instrument.record).call(instrument, stream + 0.5, {stream: String(stream)});
        ids.push(`${this.name}-${kind} ${stream}`);
      }
    }
    await this.#reader.forceFlush();
    return ids;
  }

  // Not the provider: it would send a further point of every stream.
  shutdown() { return this.#exporter.shutdown(); }
}
