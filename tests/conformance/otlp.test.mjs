// Goal: every testable requirement of OTLP (R: receivers, V: items, G: gRPC, H: HTTP, J: JSON, E: edges) holds in the
// built program. Method: a table; each row is sent over gRPC, HTTP with protobuf and HTTP with JSON, as far as it can
// be said there, and its answer and what the ledger counts are compared with the row. Rows whose id stands in
// docs/otlp.md under "Decisions" say what we chose where the specification leaves a choice. What takes more than one
// request is in transport.test.mjs and locks.test.mjs; requirements.test.mjs finds the ids that nobody tests.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {clientsOf, compress} from './lib/clients.mjs';
import {encode, encodeRequest, field} from './lib/schema.mjs';
import {
  attribute, cumulative, delta, exponential, gauge, histogram, log, logs, metrics, nested, now, point, span, sum,
  summary, traces,
} from './lib/telemetry.mjs';
import {Scene} from '../e2e/lib/scene.mjs';
import {anyPorts, serve} from '../e2e/lib/slowburn.mjs';

const requestBytes = 1 << 20;
const all = ['grpc', 'http-protobuf', 'http-json'];
const protobuf = ['grpc', 'http-protobuf'];
const json = ['http-json'];
const overHttp = ['http-protobuf', 'http-json'];

const ok = (accepted) => ({outcome: 'ok', accepted, rejected: 0});
const partial = (accepted, rejected, reason) => ({outcome: 'ok', accepted, rejected, reason});
const refused = (outcome, httpStatus) => ({outcome, httpStatus});
const bad = refused('INVALID_ARGUMENT', 400);
const tooLarge = refused('RESOURCE_EXHAUSTED', 413);
const unsupported = refused('UNIMPLEMENTED', 415);
const otherCoding = {...unsupported, acceptEncoding: /gzip.*zstd/};
const text = (json) => Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));

const invalidSpan = (more) => traces(span(), span(more));

// A protobuf request of exactly `bytes` bytes: an unknown field.
const ofSize = (bytes) => field(15, 2, Buffer.alloc(bytes - 4));
// Bytes in place of a text.
const replaced = (request, from, to) => {
  const [before, after] = JSON.stringify(request).split(from);
  return Buffer.concat([Buffer.from(before), to, Buffer.from(after)]);
};
const jsonOfSize = (bytes) => text(`{"x":"${'x'.repeat(bytes - 8)}"}`);

// What one point of a sum needs.
const number = (more) => point({asInt: '1', ...more});
const bucketed = (more) => point({count: '3', sum: 4, bucketCounts: ['1', '2'], explicitBounds: [0.5], ...more});
const exponentialPoint = (more) =>
  point({count: '6', sum: 4, scale: 2, zeroCount: '1', positive: {offset: -1, bucketCounts: ['2', '3']}, ...more});

// id, signal, request or bytes, what is wanted, how it is sent. A function is called for each client.
const rows = [
  // --- R: receivers
  ['R1_Plain', 'traces', () => traces(span(), span()), ok(2), all],
  ['R1_Gzip', 'traces', () => traces(span(), span()), ok(2), all, {coding: 'gzip'}],
  ['R1_GzipMetrics', 'metrics', () => gauge(number()), ok(1), all, {coding: 'gzip'}],
  ['R1_GzipLogs', 'logs', () => logs(log()), ok(1), all, {coding: 'gzip'}],
  ['R2_BombIsRefused', 'traces', () => Buffer.alloc(64 << 20), tooLarge, all, {coding: 'gzip'}],
  ['R4_ManyRejected', 'traces',
    () => traces(...Array.from({length: 2000}, (_, i) => span(i % 2 ? {spanId: ''} : {traceId: ''}))),
    {outcome: 'ok', accepted: 0, rejected: 2000, reasons: {invalid_span_id: 1000, invalid_trace_id: 1000}, bytesMax: 4200},
    all],
  ['R4_ErrorTextIsCut', 'traces', () => traces(span({kind: 'K'.repeat(500_000)})), {...bad, bytesMax: 4200}, json],
  ['R5_Empty', 'traces', () => ({}), ok(0), all],
  ['R5_EmptyMetrics', 'metrics', () => ({}), ok(0), all],
  ['R5_EmptyLogs', 'logs', () => ({}), ok(0), all],
  ['R6_EmptyEnvelopes', 'traces', () => ({resourceSpans: [{}, {scopeSpans: [{}]}]}), ok(0), all],
  ['R7_FullSuccessHasNoBytes', 'traces', () => traces(span()), {...ok(1), empty: true}, all],
  ['R8_R9_PartialSuccess', 'traces', () => invalidSpan({traceId: ''}), partial(1, 1, 'invalid_trace_id'), all],
  ['R8_PartialMetrics', 'metrics', () => gauge(number(), point()), partial(1, 1, 'no_value'), all],
  ['R8_PartialLogs', 'logs', () => logs(log(), log({timeUnixNano: '9000000000000000000'})), partial(1, 1, 'too_new'), all],
  // We never warn: what is taken is taken, and what is odd about it shows in the ledger and the metrics.
  ['R10_TooLateIsNoWarning', 'traces',
    () => traces(span({startTimeUnixNano: '1577836800000000000', endTimeUnixNano: '1577836800000000001'})),
    {...ok(1), empty: true}, all],
  ['R11_AllBadIsPartialSuccess', 'traces', () => traces(span({spanId: ''})), partial(0, 1, 'invalid_span_id'), all],
  ['R12_UnknownFields', 'traces',
    () => Buffer.concat([encodeRequest('traces', traces(span())), field(999, 2, Buffer.from('x'))]), ok(1), protobuf],
  ['R12_UnknownKeys', 'traces', () => ({...traces(span()), later: {a: [1, {b: null}]}}), ok(1), json],
  ['R15_Depth32', 'traces', () => traces(span({attributes: [attribute(nested(20))]})), ok(1), all],
  ['R15_ProtobufHasNoDepth', 'traces', () => traces(span({attributes: [attribute(nested(200))]})), ok(1), protobuf],
  ['R15_J13_TooDeep', 'traces', () => traces(span({attributes: [attribute(nested(200))]})), bad, json],
  ['R16_InvalidUtf8IsKept', 'traces',
    () => encodeRequest('traces', traces(span({name: Buffer.from([0x61, 0xff])}))), ok(1), protobuf],

  ['R16_InvalidUtf8InJson', 'traces', () => replaced(traces(span({name: 'NAME'})), 'NAME', Buffer.from([0x61, 0xff])), bad,
    json],
  ['R16_ByteOrderMark', 'traces', () => text(`\ufeff${JSON.stringify(traces(span()))}`), bad, json],

  // --- V: items
  ['V1_ShortTraceId', 'traces', () => invalidSpan({traceId: 'abcd'}), partial(1, 1, 'invalid_trace_id'), all],
  ['V1_ZeroTraceId', 'traces', () => invalidSpan({traceId: '0'.repeat(32)}), partial(1, 1, 'invalid_trace_id'), all],
  ['V1_ZeroSpanId', 'traces', () => invalidSpan({spanId: '0'.repeat(16)}), partial(1, 1, 'invalid_span_id'), all],
  ['V2_EmptyName', 'traces', () => traces(span({name: ''})), ok(1), all],
  ['V2_EndsBeforeItStarts', 'traces', () => traces(span({endTimeUnixNano: '1700000000000000000'})), ok(1), all],
  ['V2_TooNew', 'traces', () => traces(span({endTimeUnixNano: '9000000000000000000'})), partial(0, 1, 'too_new'), all],
  ['V3_LogWithoutTrace', 'logs', () => logs(log({traceId: '', spanId: ''})), ok(1), all],
  ['V3_LogWithShortIds', 'logs', () => logs(log({traceId: 'ab', spanId: 'cd'})), ok(1), all],
  ['V3_LogWithObservedTimeOnly', 'logs', () => logs({observedTimeUnixNano: now(), body: {stringValue: 'x'}}), ok(1), all],
  ['V3_LogWithoutTime', 'logs', () => logs({body: {stringValue: `received ${now()}`}}), ok(1), all],
  ['V4_NoTime', 'metrics', () => gauge(number(), {asInt: '1'}), partial(1, 1, 'no_time'), all],
  ['V5_NoValue', 'metrics', () => gauge(number(), point()), partial(1, 1, 'no_value'), all],
  ['V5_NoData', 'metrics', () => metrics({name: 'nothing'}), ok(0), all],
  ['V5_ExemplarWithoutValue', 'metrics', () => gauge(number({exemplars: [{timeUnixNano: now()}]})), ok(1), all],
  ['V6_NoTemporality', 'metrics', () => sum(0, true, number()), partial(0, 1, 'no_temporality'), all],
  ['V6_NoTemporalityHistogram', 'metrics', () => histogram(0, bucketed()), partial(0, 1, 'no_temporality'), all],
  ['V6_NoTemporalityExponential', 'metrics', () => exponential(0, exponentialPoint()), partial(0, 1, 'no_temporality'), all],
  ['V7_Histogram', 'metrics', () => histogram(delta, bucketed(), bucketed({bucketCounts: [], explicitBounds: []})),
    ok(2), all],
  ['V7_BucketsAndBounds', 'metrics', () => histogram(delta, bucketed({bucketCounts: ['3']})),
    partial(0, 1, 'broken_histogram'), all],
  ['V7_BoundsNotIncreasing', 'metrics',
    () => histogram(delta, bucketed({bucketCounts: ['1', '1', '1'], explicitBounds: [1, 1]})),
    partial(0, 1, 'broken_histogram'), all],
  ['V7_CountsDoNotSum', 'metrics', () => histogram(delta, bucketed({count: '4'})), partial(0, 1, 'broken_histogram'),
    all],
  ['V8_ExponentialHistogram', 'metrics', () => exponential(delta, exponentialPoint()), ok(1), all],
  ['V8_CountsDoNotSum', 'metrics', () => exponential(delta, exponentialPoint({count: '7'})),
    partial(0, 1, 'broken_histogram'), all],
  ['V8_IndexBeyondDoubles', 'metrics',
    () => exponential(delta, exponentialPoint({scale: 0, positive: {offset: 5000, bucketCounts: ['5']}})),
    partial(0, 1, 'broken_histogram'), all],
  ['V9_NoRecordedValue', 'metrics', () => gauge(point({flags: 1})), ok(1), all],
  ['V10_RepeatedKeys', 'traces',
    () => traces(span({attributes: [attribute({stringValue: 'x'}), attribute({intValue: '2'})]})), ok(1), all],
  ['V11_EveryKindOfValue', 'traces', () => traces(span({attributes: [
    attribute({bytesValue: 'AP8='}), attribute({arrayValue: {values: [{intValue: '1'}, {stringValue: 'x'}, {}]}}),
    attribute({kvlistValue: {values: [attribute({boolValue: true})]}}), attribute({}), attribute({doubleValue: 0.5}),
  ]})), ok(1), all],
  ['V12_StringIndex', 'traces', () => traces(span({attributes: [
    {key: 'a', value: {stringValueStrindex: 3}}, {keyStrindex: 4, value: {intValue: '1'}}]})), ok(1), all],
  ['V14_NegativeDelta', 'metrics', () => sum(delta, true, number({asInt: '-1'})), partial(0, 1, 'negative'), all],
  ['V14_NegativeUpDown', 'metrics', () => sum(delta, false, number({asInt: '-1'})), ok(1), all],
  ['V14_NotFinite', 'metrics', () => sum(delta, true, point({asDouble: 'NaN'})), partial(0, 1, 'not_finite'), all],
  ['V7_QuantileBeyondOne', 'metrics', () => summary(point({count: '2', sum: 3, quantileValues: [{quantile: 1.1, value: 1}]})),
    {...partial(0, 1, 'broken_histogram'), why: /quantile/}, all],
  ['Summary', 'metrics', () => summary(point({count: '2', sum: 3, quantileValues: [{quantile: 0.5, value: 1}]})), ok(1),
    all],
  ['Exemplars', 'metrics', () => sum(cumulative, true, number({exemplars: [
    {timeUnixNano: now(), asDouble: 1.5, traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174'}]})),
    ok(1), all],

  // --- G: gRPC
  ['G1_Metrics', 'metrics', () => gauge(number()), ok(1), ['grpc']],
  ['G1_Logs', 'logs', () => logs(log()), ok(1), ['grpc']],
  ['G2_Profiles', 'traces', () => ({}), refused('UNIMPLEMENTED'), ['grpc'],
    {path: '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export'}],
  // What an error quotes is UTF-8 all the same, or clients could not decode grpc-message.
  ['G2_PathThatIsNoUtf8', 'traces', () => ({}), refused('UNIMPLEMENTED'), ['grpc'], {path: '/a.B/%ff%fe'}],
  ['G3_TooLarge', 'traces', () => ofSize(requestBytes + 1), {...tooLarge, details: []}, ['grpc']],
  ['G5_BadDataSaysWhy', 'traces', () => Buffer.from([0x0a, 0xff]), {...bad, details: ['BadRequest']}, protobuf],
  ['G5_NoMessage', 'traces', () => Buffer.alloc(0), bad, ['grpc'], {frame: Buffer.alloc(0)}],
  ['G5_PromisesMoreThanItSends', 'traces', () => Buffer.alloc(0), bad, ['grpc'], {frame: Buffer.from([0, 0, 0, 0, 9, 1])}],
  ['G5_TwoMessages', 'traces', () => Buffer.alloc(0), bad, ['grpc'], {frame: Buffer.alloc(10)}],
  ['G9_UnknownEncoding', 'traces', () => traces(span()), {...refused('UNIMPLEMENTED'), accepts: /gzip.*zstd/}, ['grpc'],
    {coding: 'snappy'}],
  ['G9_Deflate', 'traces', () => traces(span()), ok(1), ['grpc'], {coding: 'deflate'}],

  // --- H: HTTP. H4, H6 and H10 are asked of every answer: see assertAnswer.
  ['H4_H5_FullSuccess', 'traces', () => traces(span()), {...ok(1), empty: true}, overHttp],
  ['H4_H5_PartialSuccess', 'traces', () => invalidSpan({spanId: ''}), partial(1, 1, 'invalid_span_id'), overHttp],
  ['H4_H6_Error', 'traces', () => Buffer.from('{'), bad, overHttp],
  ['H1_Metrics', 'metrics', () => gauge(number()), ok(1), overHttp],
  ['H1_Logs', 'logs', () => logs(log()), ok(1), overHttp],
  ['H3_Parameters', 'traces', () => traces(span()), ok(1), ['http-protobuf'],
    {headers: {'content-type': 'application/x-protobuf; charset=utf-8'}}],
  ['H7_Truncated', 'traces', () => encodeRequest('traces', traces(span())).subarray(0, 40), bad, protobuf],
  ['H7_BadRequest', 'traces', () => Buffer.from([0x0a, 0xff]), {...bad, details: ['BadRequest']}, ['http-protobuf']],
  ['H7_BadRequestJson', 'traces', () => text('{"resourceSpans":1}'), bad, json],
  ['H8_H21_TooLarge', 'traces', () => ofSize(requestBytes + 1), tooLarge, ['http-protobuf']],
  ['H8_TooLargeJson', 'traces', () => jsonOfSize(requestBytes + 1), tooLarge, json],
  ['H8_TooLargeOnceOpened', 'traces', () => jsonOfSize(requestBytes + 1), tooLarge, json, {coding: 'gzip'}],
  ['H11_OtherMethod', 'traces', () => Buffer.alloc(0), refused('UNIMPLEMENTED', 405), overHttp, {method: 'PUT'}],
  ['H11_Get', 'traces', () => Buffer.alloc(0), refused('UNIMPLEMENTED', 405), overHttp, {method: 'GET'}],
  ['H11_OtherMediaType', 'traces', () => Buffer.from('x'), unsupported, ['http-protobuf'],
    {headers: {'content-type': 'text/plain'}}],
  ['H11_OtherPath', 'traces', () => Buffer.alloc(0), refused('UNIMPLEMENTED', 404), overHttp, {path: '/v1/other'}],
  ['H11_Profiles', 'traces', () => Buffer.alloc(0), refused('UNIMPLEMENTED', 404), overHttp,
    {path: '/v1development/profiles'}],
  ['H11_OtherEncoding', 'traces', () => traces(span()), otherCoding, overHttp, {coding: 'br'}],
  ['H11_TwoEncodings', 'traces', () => compress('gzip', compress('gzip', text(traces(span())))), otherCoding, overHttp,
    {headers: {'content-encoding': 'gzip, gzip'}}],
  ['H12_CorruptGzip', 'traces', () => Buffer.from('no gzip'), bad, overHttp, {headers: {'content-encoding': 'gzip'}}],
  ['H12_GzipCutShort', 'traces', () => compress('gzip', text(traces(span()))).subarray(0, 40), bad, overHttp,
    {headers: {'content-encoding': 'gzip'}}],
  ['H13_Deflate', 'traces', () => traces(span()), ok(1), overHttp, {coding: 'deflate'}],
  ['H13_NoSnappy', 'traces', () => traces(span()), otherCoding, overHttp, {coding: 'snappy'}],
  ['H13_NoLz4', 'traces', () => traces(span()), otherCoding, overHttp, {coding: 'lz4'}],
  ['H14_AnswerIsPlain', 'traces', () => invalidSpan({traceId: ''}), {...partial(1, 1, 'invalid_trace_id'), plain: true},
    overHttp, {headers: {'accept-encoding': 'gzip'}}],

  // --- J: JSON
  ['J1_E11_SnakeCaseIsUnknown', 'traces', () => text({resource_spans: [{scope_spans: [{spans: [span()]}]}]}), ok(0), json],
  ['J2_HexAnyCase', 'traces', () => traces(span({traceId: '5B8EFFF798038103D269B633813FC60C'})), ok(1), json],
  ['J3_EmptyIdIsNone', 'traces', () => invalidSpan({traceId: ''}), partial(1, 1, 'invalid_trace_id'), json],
  ['J3_NotHex', 'traces', () => traces(span({traceId: 'z'.repeat(32)})), bad, json],
  ['J3_E11_Base64IdIsNotHex', 'traces', () => traces(span({spanId: '7uGbfsPBsXQ='})), bad, json],
  ['J4_E11_EnumName', 'traces', () => traces(span({kind: 'SPAN_KIND_SERVER'})), ok(1), json],
  ['J4_UnknownEnumName', 'traces', () => traces(span({kind: 'SPAN_KIND_NONE'})), bad, json],
  ['J5_UnknownKeysEverywhere', 'traces', () => traces({...span(), x: [{y: {}}], status: {z: 1}}), ok(1), json],
  ['J6_IntegersAsNumbers', 'metrics', () => text(JSON.stringify(gauge(number())).replace('"asInt":"1"', '"asInt":1')),
    ok(1), json],
  ['J6_IntegersAsStrings', 'metrics', () => text(JSON.stringify(histogram(delta, bucketed()))
    .replace('"count":"3"', '"count":3').replace('["1","2"]', '[1,"2"]')), ok(1), json],
  ['J6_NoIntegerInAString', 'metrics', () => gauge(point({asInt: 'one'})), bad, json],
  ['J7_SmallIntegerInAString', 'traces', () => text(JSON.stringify(traces(span())).replace('"kind":2', '"kind":"2"')), ok(1),
    json],
  ['J7_ExponentIsAnInteger', 'traces', () => text(JSON.stringify(traces(span())).replace('"kind":2', '"kind":2e0')),
    ok(1), json],
  ['J7_FractionIsNot', 'traces', () => text(JSON.stringify(traces(span())).replace('"kind":2', '"kind":2.5')), bad, json],
  ['J8_Doubles', 'metrics', () => gauge(point({asDouble: 'NaN'}), point({asDouble: '-Infinity'}), point({asDouble: '1.5'}),
    point({asDouble: 2})), ok(4), json],
  ['J9_Base64Alphabets', 'logs', () => logs(log({body: {bytesValue: '-_8'}}), log({body: {bytesValue: '+/8='}})), ok(2),
    json],
  ['J10_NullIsAbsent', 'traces', () => traces(span({attributes: null, status: null, name: null})), ok(1), json],
  ['J10_OneofTwice', 'traces', () => traces(span({attributes: [attribute({intValue: '1', stringValue: 'x'})]})), ok(1),
    json],
  ['J10_OneofTwiceWhereItIsRead', 'metrics', () => gauge(point({asInt: '1', asDouble: 1})), bad, json],
  ['J11_FullSuccess', 'traces', () => traces(span()), {...ok(1), raw: /^\{\}$/}, json],
  ['J11_PartialSuccess', 'traces', () => invalidSpan({spanId: ''}), {...partial(1, 1, 'invalid_span_id'),
    raw: /^\{"partialSuccess":\{"rejectedSpans":"1","errorMessage":"[^"]+"\}\}$/}, json],
  ['J11_PartialMetrics', 'metrics', () => gauge(number(), point()), {...partial(1, 1, 'no_value'),
    raw: /^\{"partialSuccess":\{"rejectedDataPoints":"1",/}, json],
  ['J11_PartialLogs', 'logs', () => logs(log(), log({timeUnixNano: '9000000000000000000'})), {...partial(1, 1, 'too_new'),
    raw: /^\{"partialSuccess":\{"rejectedLogRecords":"1",/}, json],
  ['J11_Error', 'traces', () => text('['), {...bad, raw: /^\{"code":3,"message":"[^"]+"\}$/}, json],
  // Read as base64, as protobuf's own parser does, 32 digits would be 24 bytes and this span invalid.
  ['J12_HexIsNotBase64', 'traces', () => traces(span({traceId: '5b8efff798038103d269b633813fc60c'})), ok(1), json],
  ['J13_DuplicateKeys', 'traces', () => text(JSON.stringify(traces(span())).replace('"kind":2', '"kind":1,"kind":2')),
    ok(1), json],

  // --- E: edges
  ['E1_E2_EmptyBody', 'traces', () => Buffer.alloc(0), {...ok(0), empty: true}, protobuf],
  ['E3_EmptyObject', 'traces', () => text('{}'), {...ok(0), empty: true}, json],
  ['E4_EmptyJson', 'traces', () => Buffer.alloc(0), bad, json],
  ['E5_Truncated', 'logs', () => encodeRequest('logs', logs(log())).subarray(0, 20), bad, protobuf],
  ['E6_OneGoodOneBad', 'traces', () => invalidSpan({spanId: 'ab'}), partial(1, 1, 'invalid_span_id'), all],
  ['E7_Charset', 'traces', () => traces(span()), ok(1), json,
    {headers: {'content-type': 'application/json; charset=utf-8'}}],
  ['E8_GzipOnce', 'traces', () => compress('gzip', encodeRequest('traces', traces(span()))), bad, protobuf,
    {coding: 'gzip'}],
  ['E9_Identity', 'traces', () => traces(span()), ok(1), all, {coding: 'identity'}],
  ['E9_IdentityInAList', 'traces', () => compress('gzip', text(traces(span()))), ok(1), json,
    {headers: {'content-encoding': 'identity, gzip'}}],
  ['E10_ExactlyTheLimit', 'traces', () => ofSize(requestBytes), ok(0), protobuf],
  ['E10_ExactlyTheLimitJson', 'traces', () => jsonOfSize(requestBytes), ok(0), json],
  ['E12_UnknownFields', 'traces', () => Buffer.concat([
    field(77, 0, Buffer.from([1])), field(78, 1, Buffer.alloc(8)), field(79, 5, Buffer.alloc(4)),
    encodeRequest('traces', traces(span())), field(80, 2, Buffer.from('later'))]), ok(1), protobuf],
  ['E12_Groups', 'traces',
    () => Buffer.concat([Buffer.from([0x7b, 0x08, 0x01, 0x7c]), encodeRequest('traces', traces(span()))]), ok(1), protobuf],
  ['E13_UnpackedBuckets', 'metrics', () => {
    const {bucketCounts, ...rest} = bucketed();
    const unpacked = bucketCounts.map((count) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(count));
      return field(6, 1, bytes);
    });
    const dataPoint = Buffer.concat([encode('HistogramDataPoint', rest), ...unpacked]);
    const data = Buffer.concat([field(1, 2, dataPoint), encode('Histogram', {aggregationTemporality: delta})]);
    const metric = Buffer.concat([encode('Metric', {name: 'h'}), field(9, 2, data)]);
    return field(1, 2, field(2, 2, field(2, 2, metric)));
  }, ok(1), protobuf],
  ['E14_RepeatedSingularMessage', 'traces', () => {
    const [first, second] = [encode('Status', {code: 1}), encode('Status', {code: 2, message: 'x'})];
    const bytes = Buffer.concat([encode('Span', span()), field(15, 2, first), field(15, 2, second)]);
    return field(1, 2, field(2, 2, field(2, 2, bytes)));
  }, ok(1), protobuf],
];

const reasonsIn = (before, after) => Object.fromEntries(
  Object.entries(after).map(([reason, count]) => [reason, count - (before[reason] ?? 0)]).filter(([, count]) => count > 0));

// H10: what clients send again. H20: the one HTTP status or more that say what the code of gRPC says.
const retried = [429, 502, 503, 504];
const sameMeaning = {
  INVALID_ARGUMENT: [400], RESOURCE_EXHAUSTED: [413], UNIMPLEMENTED: [404, 405, 415],
};

function assertAnswer(answer, want, client) {
  assert.equal(answer.outcome, want.outcome, answer.message);
  if (want.bytesMax !== undefined) assert.ok(answer.raw.length <= want.bytesMax, `${answer.raw.length} bytes`);
  if (want.raw !== undefined) assert.match(answer.raw.toString(), want.raw);
  if (want.plain) assert.equal(answer.headers.get('content-encoding'), null);
  if (client.name !== 'grpc') assert.equal(answer.headers.get('content-type'), client.contentType);  // H4, H6
  if (want.outcome === 'ok') {
    assert.equal(answer.status, 200);
    assert.equal(answer.rejected, want.rejected, answer.message);
    if (want.rejected > 0) assert.match(answer.message, /^\d+ (span|data point|log record)s? ha(s|ve) /);
    if (want.why !== undefined) assert.match(answer.message, want.why);
    if (want.empty) assert.equal(answer.raw.toString(), {grpc: '\0\0\0\0\0', 'http-json': '{}'}[client.name] ?? '');
    return;
  }
  assert.ok(answer.message.length > 0, 'an error without words');
  if (client.name === 'grpc') {
    assert.equal(answer.status, 200);
  } else {
    assert.equal(answer.status, want.httpStatus, answer.message);
    assert.ok(sameMeaning[want.outcome].includes(answer.status), 'H20');
    assert.ok(!retried.includes(answer.status), 'H10: what fails for good must not be sent again');
  }
  if (want.details !== undefined) assert.deepEqual(answer.details, want.details);
  if (want.acceptEncoding !== undefined) assert.match(answer.headers.get('accept-encoding'), want.acceptEncoding);
  if (want.accepts !== undefined) assert.match(answer.headers.get('grpc-accept-encoding'), want.accepts);
}

// What the row's request did to the ledger.
function assertCounted(signal, before, after, want) {
  const change = (key) => after.signals[signal][key] - before.signals[signal][key];
  const accepted = want.accepted ?? 0;
  const rejected = want.rejected ?? 0;
  assert.equal(change('accepted'), accepted);
  assert.equal(change('duplicate'), 0);
  assert.equal(change('decoded'), accepted + rejected);
  assert.deepEqual(reasonsIn(before.signals[signal].rejected, after.signals[signal].rejected),
    want.reasons ?? (want.reason === undefined ? {} : {[want.reason]: rejected}));
}

test('OTLP requirements', async (t) => {
  const scene = await Scene.open(t);
  const server = await serve(scene, await scene.write('slowburn.yaml',
    `data_dir: data\n${anyPorts}limits: {request_bytes: ${requestBytes}}\n`));
  const clients = clientsOf(server);
  scene.atEnd(() => clients.grpc.close());
  for (const [id, signal, request, want, names, options] of rows) {
    for (const name of names) {
      await t.test(`${id}/${name}`, async () => {
        const before = await server.json('/ledger');
        const answer = await clients[name].send(signal, request(), options);
        assertAnswer(answer, want, clients[name]);
        assertCounted(signal, before, await server.json('/ledger'), want);
      });
    }
  }
  assert.equal((await server.json('/ledger')).imbalance, 0);
});
