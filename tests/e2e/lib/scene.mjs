// What one test sets up: a folder of its own, and everything that must end with it.
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

export class Scene {
  // Ends when the test `t` does.
  static async open(t) {
    const scene = new Scene(await mkdtemp(path.join(tmpdir(), 'slowburn-e2e-')));
    t.after(() => scene.close());
    return scene;
  }

  #endings = [];
  constructor(folder) { this.folder = folder; }

  // Run at the end, the last one first.
  atEnd(ending) { this.#endings.push(ending); }

  path(...parts) { return path.join(this.folder, ...parts); }

  async write(name, text) {
    const file = this.path(name);
    await mkdir(path.dirname(file), {recursive: true});
    await writeFile(file, text);
    return file;
  }

  async close() {
    const errors = [];
    while (this.#endings.length > 0) {
      try {
        await this.#endings.pop()();
      } catch (error) {
        errors.push(error);  // The others must end too.
      }
    }
    await rm(this.folder, {recursive: true, force: true});
    if (errors.length > 0) throw errors[0];
  }
}
