// OTLP's messages: of each field its number and type. Written from the field tables of the .proto files, so that a
// request is said once, as OTLP/JSON has it, and sent in both encodings.
const fields = {
  AnyValue: {
    stringValue: [1, 'string'], boolValue: [2, 'bool'], intValue: [3, 'int64'], doubleValue: [4, 'double'],
    arrayValue: [5, 'ArrayValue'], kvlistValue: [6, 'KeyValueList'], bytesValue: [7, 'bytes'],
    stringValueStrindex: [8, 'int32'],
  },
  ArrayValue: {values: [1, 'AnyValue', 'repeated']},
  KeyValueList: {values: [1, 'KeyValue', 'repeated']},
  KeyValue: {key: [1, 'string'], value: [2, 'AnyValue'], keyStrindex: [3, 'int32']},
  Resource: {attributes: [1, 'KeyValue', 'repeated'], droppedAttributesCount: [2, 'uint32']},
  InstrumentationScope: {
    name: [1, 'string'], version: [2, 'string'], attributes: [3, 'KeyValue', 'repeated'],
    droppedAttributesCount: [4, 'uint32'],
  },
  TracesRequest: {resourceSpans: [1, 'ResourceSpans', 'repeated']},
  ResourceSpans: {resource: [1, 'Resource'], scopeSpans: [2, 'ScopeSpans', 'repeated'], schemaUrl: [3, 'string']},
  ScopeSpans: {scope: [1, 'InstrumentationScope'], spans: [2, 'Span', 'repeated'], schemaUrl: [3, 'string']},
  Span: {
    traceId: [1, 'id'], spanId: [2, 'id'], traceState: [3, 'string'], parentSpanId: [4, 'id'], flags: [16, 'fixed32'],
    name: [5, 'string'], kind: [6, 'int32'], startTimeUnixNano: [7, 'fixed64'], endTimeUnixNano: [8, 'fixed64'],
    attributes: [9, 'KeyValue', 'repeated'], droppedAttributesCount: [10, 'uint32'], status: [15, 'Status'],
  },
  Status: {message: [2, 'string'], code: [3, 'int32']},
  MetricsRequest: {resourceMetrics: [1, 'ResourceMetrics', 'repeated']},
  ResourceMetrics: {resource: [1, 'Resource'], scopeMetrics: [2, 'ScopeMetrics', 'repeated'], schemaUrl: [3, 'string']},
  ScopeMetrics: {scope: [1, 'InstrumentationScope'], metrics: [2, 'Metric', 'repeated'], schemaUrl: [3, 'string']},
  Metric: {
    name: [1, 'string'], description: [2, 'string'], unit: [3, 'string'], gauge: [5, 'Gauge'], sum: [7, 'Sum'],
    histogram: [9, 'Histogram'], exponentialHistogram: [10, 'ExponentialHistogram'], summary: [11, 'Summary'],
  },
  Gauge: {dataPoints: [1, 'NumberDataPoint', 'repeated']},
  Sum: {
    dataPoints: [1, 'NumberDataPoint', 'repeated'], aggregationTemporality: [2, 'int32'], isMonotonic: [3, 'bool'],
  },
  Histogram: {dataPoints: [1, 'HistogramDataPoint', 'repeated'], aggregationTemporality: [2, 'int32']},
  ExponentialHistogram: {
    dataPoints: [1, 'ExponentialHistogramDataPoint', 'repeated'], aggregationTemporality: [2, 'int32'],
  },
  Summary: {dataPoints: [1, 'SummaryDataPoint', 'repeated']},
  NumberDataPoint: {
    attributes: [7, 'KeyValue', 'repeated'], startTimeUnixNano: [2, 'fixed64'], timeUnixNano: [3, 'fixed64'],
    asDouble: [4, 'double'], asInt: [6, 'sfixed64'], exemplars: [5, 'Exemplar', 'repeated'], flags: [8, 'uint32'],
  },
  HistogramDataPoint: {
    attributes: [9, 'KeyValue', 'repeated'], startTimeUnixNano: [2, 'fixed64'], timeUnixNano: [3, 'fixed64'],
    count: [4, 'fixed64'], sum: [5, 'double'], bucketCounts: [6, 'fixed64', 'packed'],
    explicitBounds: [7, 'double', 'packed'], flags: [10, 'uint32'], min: [11, 'double'], max: [12, 'double'],
  },
  ExponentialHistogramDataPoint: {
    attributes: [1, 'KeyValue', 'repeated'], startTimeUnixNano: [2, 'fixed64'], timeUnixNano: [3, 'fixed64'],
    count: [4, 'fixed64'], sum: [5, 'double'], scale: [6, 'sint32'], zeroCount: [7, 'fixed64'], positive: [8, 'Buckets'],
    negative: [9, 'Buckets'], flags: [10, 'uint32'], zeroThreshold: [14, 'double'],
  },
  Buckets: {offset: [1, 'sint32'], bucketCounts: [2, 'uint64', 'packed']},
  SummaryDataPoint: {
    attributes: [7, 'KeyValue', 'repeated'], startTimeUnixNano: [2, 'fixed64'], timeUnixNano: [3, 'fixed64'],
    count: [4, 'fixed64'], sum: [5, 'double'], quantileValues: [6, 'ValueAtQuantile', 'repeated'], flags: [8, 'uint32'],
  },
  ValueAtQuantile: {quantile: [1, 'double'], value: [2, 'double']},
  Exemplar: {
    timeUnixNano: [2, 'fixed64'], asDouble: [3, 'double'], asInt: [6, 'sfixed64'], spanId: [4, 'id'], traceId: [5, 'id'],
  },
  LogsRequest: {resourceLogs: [1, 'ResourceLogs', 'repeated']},
  ResourceLogs: {resource: [1, 'Resource'], scopeLogs: [2, 'ScopeLogs', 'repeated'], schemaUrl: [3, 'string']},
  ScopeLogs: {scope: [1, 'InstrumentationScope'], logRecords: [2, 'LogRecord', 'repeated'], schemaUrl: [3, 'string']},
  LogRecord: {
    timeUnixNano: [1, 'fixed64'], observedTimeUnixNano: [11, 'fixed64'], severityNumber: [2, 'int32'],
    severityText: [3, 'string'], body: [5, 'AnyValue'], attributes: [6, 'KeyValue', 'repeated'], flags: [8, 'fixed32'],
    traceId: [9, 'id'], spanId: [10, 'id'], eventName: [12, 'string'],
  },
};

const requests = {traces: 'TracesRequest', metrics: 'MetricsRequest', logs: 'LogsRequest'};

function varint(value) {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

function fixed(bytes, write) {
  const buffer = Buffer.alloc(bytes);
  write(buffer);
  return buffer;
}

// Wire type and bytes of a scalar.
const scalars = {
  int32: (value) => [0, varint(value)],
  int64: (value) => [0, varint(value)],
  uint32: (value) => [0, varint(value)],
  uint64: (value) => [0, varint(value)],
  sint32: (value) => [0, varint((BigInt(value) << 1n) ^ (BigInt(value) >> 63n))],
  bool: (value) => [0, varint(value ? 1 : 0)],
  fixed64: (value) => [1, fixed(8, (buffer) => buffer.writeBigUInt64LE(BigInt(value)))],
  sfixed64: (value) => [1, fixed(8, (buffer) => buffer.writeBigInt64LE(BigInt(value)))],
  double: (value) => [1, fixed(8, (buffer) => buffer.writeDoubleLE(Number(value)))],
  fixed32: (value) => [5, fixed(4, (buffer) => buffer.writeUInt32LE(value))],
  string: (value) => [2, Buffer.from(value)],
  bytes: (value) => [2, Buffer.from(value, 'base64')],
  id: (value) => [2, Buffer.from(value, 'hex')],
};

// A field with its tag.
export function field(number, wireType, bytes) {
  const tag = varint((number << 3) | wireType);
  return wireType === 2 ? Buffer.concat([tag, varint(bytes.length), bytes]) : Buffer.concat([tag, bytes]);
}

export function encode(type, object) {
  const parts = [];
  for (const [name, value] of Object.entries(object)) {
    const [number, kind, shape] = fields[type][name];
    if (shape === 'packed') {
      parts.push(field(number, 2, Buffer.concat(value.map((item) => scalars[kind](item)[1]))));
      continue;
    }
    for (const item of shape === 'repeated' ? value : [value]) {
      const [wireType, bytes] = kind in scalars ? scalars[kind](item) : [2, encode(kind, item)];
      parts.push(field(number, wireType, bytes));
    }
  }
  return Buffer.concat(parts);
}

export const encodeRequest = (signal, request) => encode(requests[signal], request);
