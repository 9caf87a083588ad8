// The program under test.
import {call, getJson} from './http.mjs';
import {RunningProgram, run} from './process.mjs';

export const binary = process.env.SLOWBURN_BINARY ??
  new URL('../../../build/release/slowburn', import.meta.url).pathname;

const readyLine = /^slowburn ready http=(\S+) otlp_grpc=(\S+) otlp_http=(\S+)$/m;

// The listen addresses of a config: any free ports.
export const anyPorts = 'listen: {http: 127.0.0.1:0, otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0}\n';

// Runs a command to its end.
export const slowburn = (args, options) => run(binary, args, options);

// `slowburn serve --config FILE`, ended with the scene.
export async function serve(scene, config) {
  return Server.begin(scene, ['serve', '--config', config], {cwd: scene.folder});
}

export class Server {
  // `under`: a program that becomes the server, like ['prlimit', '--nofile=128'].
  static async begin(scene, args, {under = [], ...options}) {
    const [command, ...rest] = [...under, binary, ...args];
    const program = await RunningProgram.start(command, rest, {...options, ready: readyLine, seconds: 60});
    const server = new Server(program);
    scene.atEnd(() => server.stop());
    return server;
  }

  #end = null;
  constructor(program) {
    this.program = program;
    const [, http, otlpGrpc, otlpHttp] = program.match;
    this.address = http;
    this.url = `http://${http}`;
    this.otlpGrpc = otlpGrpc;
    this.otlpHttp = `http://${otlpHttp}`;
  }

  // Ends it, once: {code, signal}.
  stop(signal = 'SIGTERM') {
    this.#end ??= this.program.stop(signal, 30);
    return this.#end;
  }

  get(path) { return call(this.url + path); }
  json(path) { return getJson(`${this.url}/api/slo/v1${path}`); }
  reload() { return call(`${this.url}/-/reload`, {method: 'POST'}); }

  // The value of one series on /metrics, by its name and labels as written there; undefined without one.
  async metric(series) {
    const {text} = await this.get('/metrics');
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }

  // Whether it lives and is ready.
  async isReady() { return (await this.get('/-/ready')).status === 200; }
}

// An SLO file: the share of a service's server spans that are no errors.
export function availabilitySlo(service, {policy = 'slowburn', scope = 'both', objective = '99.9%', compat = []} = {}) {
  return `apiVersion: slowburn/v1
kind: SLO
metadata: {name: availability, labels: {team: shop}}
spec:
  service: ${service}
  description: ${service} answers without error
  runbook_url: https://example.org/runbooks/${service}
  sli:
    spans:
      match: resource.attributes["service.name"] == "${service}" and span.kind == SPAN_KIND_SERVER
      bad: span.status.code == STATUS_CODE_ERROR
    group_by: [http.route]
  objective: ${objective}
  window: 30d
  alerting: {policy: ${policy}, scope: ${scope}}
  compat: [${compat}]
`;
}
