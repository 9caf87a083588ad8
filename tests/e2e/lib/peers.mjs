// The programs around slowburn, as Debian packages them, and our own receiver.
import {createServer} from 'node:http';
import {spawnSync} from 'node:child_process';

import {call, freePort, getJson} from './http.mjs';
import {RunningProgram} from './process.mjs';
import {until} from './until.mjs';

// For `skip:` of a test: false when all are installed, else why it is skipped.
export function missing(...commands) {
  const absent = commands.filter((command) => spawnSync(command, ['--version']).error?.code === 'ENOENT');
  return absent.length > 0 && `${absent.join(', ')} not installed; run ./dev deps --all`;
}

export class Alertmanager {
  // Each alert is a notification of its own, at once, to `webhook`.
  static async start(scene, webhook) {
    const port = await freePort();
    const config = await scene.write('alertmanager.yml', `route:
  receiver: test
  group_by: ['...']
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: test
    webhook_configs: [{url: '${webhook.url}', send_resolved: true}]
`);
    const program = await RunningProgram.start('prometheus-alertmanager', [
      `--config.file=${config}`, `--storage.path=${scene.path('alertmanager')}`,
      `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=',
    ], {cwd: scene.folder, ready: /Listening on/, seconds: 60});
    scene.atEnd(() => program.stop());
    const url = `http://127.0.0.1:${port}`;
    await until('Alertmanager is ready', async () => (await call(`${url}/-/ready`)).status === 200);
    return new Alertmanager(url);
  }

  constructor(url) { this.url = url; }

  // Those that are not resolved, of which `labels` are some of the labels.
  async alerts(labels = {}) {
    const all = await getJson(`${this.url}/api/v2/alerts`);
    return all.filter((alert) => Object.entries(labels).every(([name, value]) => alert.labels[name] === value));
  }
}

// Where Alertmanager sends its notifications: the pager.
export class Webhook {
  static async start(scene) {
    const webhook = new Webhook();
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text) => { body += text; }).on('end', () => {
        webhook.alerts.push(...JSON.parse(body).alerts);
        response.end();
      });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    scene.atEnd(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    webhook.url = `http://127.0.0.1:${server.address().port}/`;
    return webhook;
  }

  alerts = [];  // every alert of every notification, in order

  // Notifications of these labels in this status: firing or resolved.
  of(status, labels) {
    return this.alerts.filter((alert) => alert.status === status &&
      Object.entries(labels).every(([name, value]) => alert.labels[name] === value));
  }
}

export class Prometheus {
  // Scrapes `target` (HOST:PORT) each second, and writes what it has to the URL `remoteWrite`.
  static async start(scene, target, {remoteWrite} = {}) {
    const port = await freePort();
    const config = await scene.write('prometheus.yml', `global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: slowburn
    static_configs: [{targets: ['${target}']}]
${remoteWrite ? `remote_write: [{url: '${remoteWrite}'}]\n` : ''}`);
    const program = await RunningProgram.start('prometheus', [
      `--config.file=${config}`, `--storage.tsdb.path=${scene.path('prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ], {cwd: scene.folder, ready: /ready to receive web requests/, seconds: 60});
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, program);
    scene.atEnd(() => prometheus.stop());
    return prometheus;
  }

  #program;
  #end = null;
  constructor(url, program) {
    this.url = url;
    this.#program = program;
  }

  // Once. Before whom it writes to ends: it waits a minute for an answer.
  stop() { return this.#end ??= this.#program.stop(); }

  // An instant query's samples: [{metric, value}].
  async query(expression) {
    const answer = await getJson(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    return answer.data.result.map(({metric, value}) => ({metric, value: Number(value[1])}));
  }
}

// Our OTLP/gRPC receiver: the backend behind slowburn.
export class OtlpReceiver {
  static async start(scene) {
    const command = process.env.OTLP_RECEIVER ??
      new URL('../../../build/release/tests/e2e/otlp_receiver', import.meta.url).pathname;
    const program = await RunningProgram.start(command, [], {cwd: scene.folder, ready: /^ready (\S+)$/m});
    scene.atEnd(() => program.stop());
    return new OtlpReceiver(program);
  }

  #program;
  constructor(program) {
    this.#program = program;
    this.address = program.match[1];
  }

  // "TRACEID SPANID" of every span that came, in order.
  spans() { return this.items('traces'); }

  // What came of a signal, in order: spans as above, "METRIC STREAM" of data points (STREAM is their attribute
  // `stream`), the text of log records.
  items(signal) {
    const word = {traces: 'span ', metrics: 'point ', logs: 'log '}[signal];
    return this.#program.lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length));
  }
}
