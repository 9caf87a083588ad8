// The three ways to send an OTLP request, with every byte and header in the test's hand; what comes back is put in
// the same words for all of them.
import http2 from 'node:http2';
import zlib from 'node:zlib';

import {call} from '../../e2e/lib/http.mjs';
import {encodeRequest} from './schema.mjs';

const services = {traces: 'trace', metrics: 'metrics', logs: 'logs'};
const serviceNames = {traces: 'TraceService', metrics: 'MetricsService', logs: 'LogsService'};
const rejectedNames = {traces: 'rejectedSpans', metrics: 'rejectedDataPoints', logs: 'rejectedLogRecords'};

export const exportPath = (signal) =>
  `/opentelemetry.proto.collector.${services[signal]}.v1.${serviceNames[signal]}/Export`;

const compressors = {
  gzip: zlib.gzipSync, deflate: zlib.deflateSync, identity: (bytes) => bytes,
};
export const compress = (coding, bytes) => compressors[coding](bytes);

// --- reading protobuf answers

function readVarint(bytes, at) {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[at++];
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}

// number -> list of values: numbers for varints, buffers for messages.
export function readFields(bytes) {
  const found = {};
  for (let at = 0; at < bytes.length;) {
    let tag, value, length;
    [tag, at] = readVarint(bytes, at);
    if ((tag & 7n) === 0n) {
      [value, at] = readVarint(bytes, at);
    } else if ((tag & 7n) === 2n) {
      [length, at] = readVarint(bytes, at);
      value = bytes.subarray(at, at + Number(length));
      at += Number(length);
    } else {
      throw new Error(`wire type ${tag & 7n} in an answer`);
    }
    (found[Number(tag >> 3n)] ??= []).push(value);
  }
  return found;
}

function readPartialSuccess(bytes) {
  const partial = readFields(bytes)[1]?.[0];
  if (partial === undefined) return {rejected: 0, message: ''};
  const parts = readFields(partial);
  return {rejected: Number(parts[1]?.[0] ?? 0n), message: parts[2]?.[0].toString() ?? ''};
}

// google.rpc.Status: its code, message, the names of its details, and the seconds of a RetryInfo.
function readStatus(bytes) {
  const parts = readFields(bytes);
  const status = {code: Number(parts[1]?.[0] ?? 0n), message: parts[2]?.[0].toString() ?? '', details: []};
  for (const any of parts[3] ?? []) {
    const {1: [type], 2: [value]} = readFields(any);
    const name = type.toString().split('.').pop();
    status.details.push(name);
    if (name === 'RetryInfo') {
      const delay = readFields(readFields(value)[1][0]);
      status.retrySeconds = Number(delay[1]?.[0] ?? 0n) + Number(delay[2]?.[0] ?? 0n) / 1e9;
    }
  }
  return status;
}

// --- the clients: send(signal, request | bytes, {coding, headers, path, method}) ->
// {outcome: 'ok' | code name, rejected, message, details, retryAfter, raw}

const codeNames = {
  0: 'ok', 3: 'INVALID_ARGUMENT', 4: 'DEADLINE_EXCEEDED', 7: 'PERMISSION_DENIED', 8: 'RESOURCE_EXHAUSTED',
  12: 'UNIMPLEMENTED', 13: 'INTERNAL', 14: 'UNAVAILABLE', 16: 'UNAUTHENTICATED',
};

export class HttpClient {
  constructor(name, server, contentType) {
    this.name = name;
    this.server = server;
    this.contentType = contentType;
    this.isJson = contentType === 'application/json';
  }

  encode(signal, request) {
    if (Buffer.isBuffer(request)) return request;
    return this.isJson ? Buffer.from(JSON.stringify(request)) : encodeRequest(signal, request);
  }

  async send(signal, request, {coding, headers = {}, path = `/v1/${signal}`, method = 'POST'} = {}) {
    let body = this.encode(signal, request);
    const all = {'content-type': this.contentType, ...headers};
    if (coding !== undefined) {
      all['content-encoding'] = coding;
      if (coding in compressors) body = compress(coding, body);
    }
    const answer = await call(this.server.otlpHttp + path, {method, headers: all, body: method === 'GET' ? undefined : body});
    return {...this.#read(signal, answer), status: answer.status, headers: answer.headers};
  }

  #read(signal, answer) {
    const bytes = Buffer.from(answer.bytes);
    if (answer.status === 200) {
      const partial = this.isJson ? answer.json().partialSuccess : undefined;
      const read = this.isJson
        ? {rejected: Number(partial?.[rejectedNames[signal]] ?? 0), message: partial?.errorMessage ?? ''}
        : readPartialSuccess(bytes);
      return {outcome: 'ok', ...read, raw: bytes};
    }
    const isJson = answer.headers.get('content-type') === 'application/json';
    const status = isJson ? {details: [], ...answer.json()} : readStatus(bytes);
    return {outcome: codeNames[status.code] ?? status.code, ...status, raw: bytes};
  }
}

export class GrpcClient {
  name = 'grpc';
  isJson = false;
  #session;
  constructor(server) {
    this.server = server;
    this.#session = http2.connect(`http://${server.otlpGrpc}`);
  }

  encode(signal, request) { return Buffer.isBuffer(request) ? request : encodeRequest(signal, request); }

  // `frame`: the bytes of the body as they are; else the message is framed.
  async send(signal, request, {coding, headers = {}, path = exportPath(signal), frame} = {}) {
    let message = this.encode(signal, request);
    const all = {
      ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers,
    };
    const isCompressed = coding !== undefined && coding !== 'identity';
    if (coding !== undefined) all['grpc-encoding'] = coding;
    if (isCompressed && coding in compressors) message = compress(coding, message);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt8(isCompressed ? 1 : 0);
    prefix.writeUInt32BE(message.length, 1);
    return this.#exchange(all, frame ?? Buffer.concat([prefix, message]));
  }

  #exchange(headers, body) {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request(headers);
      const chunks = [];
      let answer = {};
      let trailers = {};
      stream.on('response', (given) => { answer = given; });
      stream.on('trailers', (given) => { trailers = given; });
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('close', () => {
        const status = {...answer, ...trailers};
        const code = Number(status['grpc-status']);
        const bytes = Buffer.concat(chunks);
        const details = status['grpc-status-details-bin'];
        resolve({
          status: answer[':status'],
          headers: new Map(Object.entries(status)),
          outcome: codeNames[code] ?? code,
          ...(code === 0 ? readPartialSuccess(bytes.subarray(5)) : {}),
          ...(details === undefined ? {} : readStatus(Buffer.from(details, 'base64'))),
          ...(code === 0 ? {} : {message: decodeURIComponent(status['grpc-message'] ?? '')}),
          raw: bytes,
        });
      });
      stream.end(body);
    });
  }

  close() { this.#session.close(); }
}

export const clientsOf = (server) => ({
  grpc: new GrpcClient(server),
  'http-protobuf': new HttpClient('http-protobuf', server, 'application/x-protobuf'),
  'http-json': new HttpClient('http-json', server, 'application/json'),
});
