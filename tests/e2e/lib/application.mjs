// An application that is instrumented with the OpenTelemetry SDK.
import {SpanKind, SpanStatusCode} from '@opentelemetry/api';
import {OTLPTraceExporter as GrpcExporter} from '@opentelemetry/exporter-trace-otlp-grpc';
import {OTLPTraceExporter as HttpExporter} from '@opentelemetry/exporter-trace-otlp-proto';
import {ProtobufTraceSerializer} from '@opentelemetry/otlp-transformer';
import {resourceFromAttributes} from '@opentelemetry/resources';
import {
  BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter, SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

// flush() sends all batches at once, and the SDK's own limit of 30 would drop what is over it.
const concurrencyLimit = 1000;

// Everything that one test sends, from whatever application: what the counts are compared with.
export class SentSpans {
  all = [];  // {id: "TRACEID SPANID", service, route, server, bad, end, seconds}; `end` in unix seconds

  ids() { return this.all.map((span) => span.id); }

  // What an SLO over `service` must have counted with an end in [start, end).
  counts(service, {route, start = -Infinity, end = Infinity} = {}) {
    const counted = this.all.filter((span) => span.server && span.service === service &&
      (route === undefined || span.route === route) && span.end >= start && span.end < end);
    const bad = counted.filter((span) => span.bad).length;
    return {good: counted.length - bad, bad, total: counted.length};
  }
}

export class Application {
  #provider;
  #tracer;

  // `processor` decides where its spans go.
  constructor(service, sent, processor) {
    this.service = service;
    this.sent = sent;
    this.#provider = new BasicTracerProvider({
      resource: resourceFromAttributes({'service.name': service, 'service.version': '1.4.2'}),
      spanProcessors: [processor],
    });
    this.#tracer = this.#provider.getTracer('shop');
  }

  // Over OTLP/HTTP in protobuf, with gzip.
  static overHttp(scene, service, sent, otlpHttp) {
    return Application.#exporting(scene, service, sent,
      new HttpExporter({url: `${otlpHttp}/v1/traces`, compression: 'gzip', concurrencyLimit}));
  }

  // Over OTLP/gRPC.
  static overGrpc(scene, service, sent, otlpGrpc) {
    return Application.#exporting(scene, service, sent,
      new GrpcExporter({url: `http://${otlpGrpc}`, concurrencyLimit}));
  }

  static #exporting(scene, service, sent, exporter) {
    const processor = new BatchSpanProcessor(exporter, {maxQueueSize: 100_000, maxExportBatchSize: 50});
    const application = new Application(service, sent, processor);
    scene.atEnd(() => application.shutdown());
    return application;
  }

  // One request that ended at `end` (unix seconds) after `seconds`.
  request({route, bad = false, end, seconds = 0.02, kind = SpanKind.SERVER}) {
    const attributes = {'http.request.method': 'GET', 'http.response.status_code': bad ? 500 : 200};
    if (route !== undefined) attributes['http.route'] = route;
    const span = this.#tracer.startSpan(`GET ${route}`, {kind, attributes, startTime: hrTime(end - seconds)});
    if (bad) span.setStatus({code: SpanStatusCode.ERROR, message: 'no stock'});
    span.end(hrTime(end));
    const {traceId, spanId} = span.spanContext();
    this.sent.all.push({
      id: `${traceId} ${spanId}`, service: this.service, route, server: kind === SpanKind.SERVER, bad, end,
      seconds});
  }

  // `count` requests that ended evenly between `from` and `to`.
  requests(count, {from, to, ...request}) {
    for (let i = 0; i < count; ++i) this.request({...request, end: from + ((to - from) * (i + 0.5)) / count});
  }

  // Everything is sent and acknowledged; rejects when it is not.
  flush() { return this.#provider.forceFlush(); }
  shutdown() { return this.#provider.shutdown(); }
}

// The bytes of an export request with `count` good spans, as the SDK encodes it.
export function exportRequest(service, count) {
  const exporter = new InMemorySpanExporter();
  const application = new Application(service, new SentSpans(), new SimpleSpanProcessor(exporter));
  const now = Date.now() / 1000;
  application.requests(count, {route: '/', from: now - 1, to: now});
  return Buffer.from(ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans()));
}

// OpenTelemetry's [seconds, nanoseconds].
function hrTime(unixSeconds) {
  const seconds = Math.floor(unixSeconds);
  return [seconds, Math.floor((unixSeconds - seconds) * 1e9)];
}
