// Programs that a test runs, each with its output kept.
import {execFile, spawn} from 'node:child_process';

const running = new Set();
// Nothing outlives the test, also when it is stopped halfway.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

// A program that goes on until it is stopped.
export class RunningProgram {
  // Resolves once a line of standard output or error matches `ready`; `match` is that match.
  static async start(command, args, {cwd, env = {}, ready, seconds = 30}) {
    const program = new RunningProgram(command, args, cwd, env);
    await program.#waitFor(ready, seconds);
    return program;
  }

  lines = [];  // of standard output
  stderr = '';
  match = null;
  #child;
  #exited;
  #onOutput = () => {};

  constructor(command, args, cwd, env) {
    this.command = command;
    // Standard input stays open: our own receiver ends with it.
    this.#child = spawn(command, args, {cwd, env: {...process.env, ...env}, stdio: ['pipe', 'pipe', 'pipe']});
    running.add(this.#child);
    this.#exited = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve({code: null, signal: null, error}));
      this.#child.on('close', (code, signal) => resolve({code, signal}));
    }).finally(() => running.delete(this.#child));
    let rest = '';
    this.#child.stdout.setEncoding('utf8').on('data', (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      this.lines.push(...parts);
      this.#onOutput();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
      this.#onOutput();
    });
  }

  get pid() { return this.#child.pid; }
  get stdout() { return this.lines.map((line) => `${line}\n`).join(''); }

  // Resolves with {code, signal} when it has ended.
  ended() { return this.#exited; }

  signal(name) { this.#child.kill(name); }

  // Ends it and resolves with {code, signal}; one that does not obey is killed, and an error.
  async stop(signal = 'SIGTERM', seconds = 20) {
    this.#child.kill(signal);
    let timer;
    const tooLong = new Promise((resolve) => { timer = setTimeout(resolve, seconds * 1000, null); });
    const end = await Promise.race([this.#exited, tooLong]);
    clearTimeout(timer);
    if (end !== null) return end;
    this.#child.kill('SIGKILL');
    await this.#exited;
    throw new Error(`${this.command} did not end within ${seconds} s of ${signal}; it wrote:\n${this.stderr}`);
  }

  #waitFor(ready, seconds) {
    return new Promise((resolve, reject) => {
      const fail = (why) => {
        this.#child.kill('SIGKILL');
        reject(new Error(`${this.command} ${why}; it wrote:\n${this.stdout}${this.stderr}`));
      };
      const timer = setTimeout(() => fail(`was not ready within ${seconds} s`), seconds * 1000);
      const settle = (finish) => {
        clearTimeout(timer);
        this.#onOutput = () => {};
        finish();
      };
      this.#exited.then((end) => settle(() => fail(`ended before it was ready (${JSON.stringify(end)})`)));
      this.#onOutput = () => {
        this.match = ready.exec(this.stdout) ?? ready.exec(this.stderr);
        if (this.match) settle(resolve);
      };
    });
  }
}

// Runs a program to its end: {code, stdout, stderr}; `code` is the name of the signal if one ended it.
export function run(command, args, {cwd, env = {}, seconds = 30} = {}) {
  return new Promise((resolve, reject) => {
    const options = {cwd, env: {...process.env, ...env}, timeout: seconds * 1000, killSignal: 'SIGKILL'};
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error?.killed || typeof error?.code === 'string') {
        reject(new Error(`${command} ${args.join(' ')}: ${error.killed ? 'took too long' : error.message}\n${stderr}`));
      } else {
        resolve({code: error ? error.code ?? error.signal : 0, stdout, stderr});
      }
    });
    child.stdin.end();
  });
}
