// HTTP as the tests need it.
import {createServer} from 'node:net';

// A request with any method, headers and body: {status, headers, bytes, text, json()}.
export async function call(url, {method = 'GET', headers = {}, body, seconds = 20} = {}) {
  const response = await fetch(url, {method, headers, body, signal: AbortSignal.timeout(seconds * 1000)});
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('utf8');
  return {status: response.status, headers: response.headers, bytes, text, json: () => JSON.parse(text)};
}

export async function getJson(url) {
  const answer = await call(url);
  if (answer.status !== 200) throw new Error(`GET ${url} answered ${answer.status}: ${answer.text}`);
  return answer.json();
}

// A port that nobody has, for programs that cannot choose one themselves.
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const {port} = server.address();
      server.close(() => resolve(port));
    });
  });
}

// A port that is taken until the scene ends.
export function takenPort(scene) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      scene.atEnd(() => new Promise((closed) => server.close(closed)));
      resolve(server.address().port);
    });
  });
}
