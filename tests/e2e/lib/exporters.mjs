// The SDK's exporters, by transport and signal.
import {OTLPLogExporter as GrpcLogs} from '@opentelemetry/exporter-logs-otlp-grpc';
import {OTLPLogExporter as JsonLogs} from '@opentelemetry/exporter-logs-otlp-http';
import {OTLPLogExporter as ProtoLogs} from '@opentelemetry/exporter-logs-otlp-proto';
import {OTLPMetricExporter as GrpcMetrics} from '@opentelemetry/exporter-metrics-otlp-grpc';
import {OTLPMetricExporter as JsonMetrics} from '@opentelemetry/exporter-metrics-otlp-http';
import {OTLPMetricExporter as ProtoMetrics} from '@opentelemetry/exporter-metrics-otlp-proto';
import {OTLPTraceExporter as GrpcTraces} from '@opentelemetry/exporter-trace-otlp-grpc';
import {OTLPTraceExporter as JsonTraces} from '@opentelemetry/exporter-trace-otlp-http';
import {OTLPTraceExporter as ProtoTraces} from '@opentelemetry/exporter-trace-otlp-proto';

const overHttp = (exporters) => (signal, server, compression) =>
  new exporters[signal]({url: `${server.otlpHttp}/v1/${signal}`, compression});
const overGrpc = (exporters) => (signal, server, compression) =>
  new exporters[signal]({url: `http://${server.otlpGrpc}`, compression});

export const transports = [
  {name: 'http-json', exporter: overHttp({traces: JsonTraces, metrics: JsonMetrics, logs: JsonLogs})},
  {name: 'http-protobuf', exporter: overHttp({traces: ProtoTraces, metrics: ProtoMetrics, logs: ProtoLogs})},
  {name: 'grpc', exporter: overGrpc({traces: GrpcTraces, metrics: GrpcMetrics, logs: GrpcLogs})},
];
