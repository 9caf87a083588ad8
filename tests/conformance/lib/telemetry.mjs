// Requests as OTLP/JSON has them, around the one item that a row is about.
const resource = {attributes: [{key: 'service.name', value: {stringValue: 'conformance'}}]};
const scope = {name: 'test', version: '1'};

export const now = () => `${BigInt(Date.now()) * 1_000_000n}`;
let serial = 0;
const hex = (digits) => (++serial).toString(16).padStart(digits, '0');

// Ids that no item had before, so that no request is a duplicate by accident.
export const span = (more = {}) => ({
  traceId: hex(32), spanId: hex(16), name: 'GET /', kind: 2, startTimeUnixNano: now(), endTimeUnixNano: now(), ...more});
export const point = (more = {}) => ({
  attributes: [{key: 'n', value: {intValue: `${++serial}`}}], timeUnixNano: now(), ...more});
export const log = (more = {}) => ({timeUnixNano: now(), body: {stringValue: `line ${++serial}`}, ...more});

export const traces = (...spans) => ({resourceSpans: [{resource, scopeSpans: [{scope, spans}]}]});
export const metrics = (...all) => ({resourceMetrics: [{resource, scopeMetrics: [{scope, metrics: all}]}]});
export const logs = (...logRecords) => ({resourceLogs: [{resource, scopeLogs: [{scope, logRecords}]}]});

export const gauge = (...dataPoints) => metrics({name: 'g', gauge: {dataPoints}});
export const sum = (temporality, isMonotonic, ...dataPoints) =>
  metrics({name: 's', sum: {aggregationTemporality: temporality, isMonotonic, dataPoints}});
export const histogram = (temporality, ...dataPoints) =>
  metrics({name: 'h', histogram: {aggregationTemporality: temporality, dataPoints}});
export const exponential = (temporality, ...dataPoints) =>
  metrics({name: 'e', exponentialHistogram: {aggregationTemporality: temporality, dataPoints}});
export const summary = (...dataPoints) => metrics({name: 'q', summary: {dataPoints}});

export const delta = 1;
export const cumulative = 2;

// An AnyValue with `depth` arrays around a number.
export function nested(depth) {
  let value = {intValue: '1'};
  for (let i = 0; i < depth; ++i) value = {arrayValue: {values: [value]}};
  return value;
}
export const attribute = (value, key = 'a') => ({key, value});
