// A dashboard's JSON, and the queries that Grafana makes of it: variables filled, macros replaced, steps chosen.
import {readFile, readdir} from 'node:fs/promises';

export const grafanaFolder = new URL('../../../dashboards/grafana/', import.meta.url).pathname;

const scrapeSeconds = 15;  // timeInterval of the provisioned data source
const units = {s: 1, m: 60, h: 3600, d: 86400};
// Grafana takes the first of these that is not below what a panel's width asks for.
const niceSteps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

const seconds = (duration) => Number(duration.slice(0, -1)) * units[duration.at(-1)];

const escaped = (value) => value.replace(/[\\^$*+?.()|[\]{}]/g, '\\\\$&');

export class Dashboard {
  static async readAll() {
    const folder = `${grafanaFolder}dashboards`;
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    return Promise.all(files.map(async (name) => new Dashboard(JSON.parse(await readFile(`${folder}/${name}`, 'utf8')))));
  }

  constructor(json) { this.json = json; }

  get uid() { return this.json.uid; }
  get variables() { return this.json.templating.list; }
  // Those that show something, whatever row they are in.
  get panels() {
    return this.json.panels.flatMap((panel) => (panel.type === 'row' ? panel.panels : [panel]));
  }

  // What it asks, before anything is filled in.
  get expressions() {
    return [...this.panels.flatMap(({targets}) => targets), ...this.json.annotations.list]
      .map(({expr}) => expr).filter(Boolean);
  }
  get variableQueries() {
    return this.variables.filter(({type}) => type === 'query').map(({query}) => query.query);
  }

  // The variables as the board opens with `chosen` in its URL: what is asked of `api` comes from there, and where
  // nothing is chosen the value that is saved or else the first is taken. {name: {text, options}}
  async open(api, now, chosen = {}) {
    const values = {};
    for (const variable of this.variables) {
      const options = await this.#optionsOf(variable, api, now, values);
      values[variable.name] = {options, text: textOf(variable, options, chosen[variable.name])};
    }
    return values;
  }

  // A text with its variables and macros; what is no variable stays, as the $1 of label_replace does.
  expand(text, values, {step, range}) {
    const macros = {
      __rate_interval: `${Math.max(step + scrapeSeconds, 4 * scrapeSeconds)}s`, __interval: `${step}s`,
      __range: `${range}s`};
    return text.replace(/\$(\w+)|\$\{(\w+)\}/g,
      (whole, plain, braced) => macros[plain ?? braced] ?? values[plain ?? braced]?.text ?? whole);
  }

  // What a panel asks: [{expr, range: {start, end, step}}], `range` null for an instant query.
  queriesOf(panel, values, now) {
    const length = panel.timeFrom ? seconds(this.expand(panel.timeFrom, values, {})) : this.#rangeSeconds;
    const wanted = Math.max(length / (panel.maxDataPoints ?? 1000), scrapeSeconds);
    const step = niceSteps.find((nice) => nice >= wanted);
    const aligned = (time) => Math.floor(time / step) * step;
    return panel.targets.map((target) => ({
      refId: target.refId,
      expr: this.expand(target.expr, values, {step, range: length}),
      range: target.instant ? null : {start: aligned(now - length), end: aligned(now), step},
    }));
  }

  get #rangeSeconds() { return seconds(this.json.time.from.replace('now-', '')); }

  async #optionsOf(variable, api, now, values) {
    if (variable.type === 'custom') return variable.query.split(',');
    if (variable.type === 'datasource') return [variable.current.value];
    const query = this.expand(variable.query.query, values, {});
    const range = {start: now - this.#rangeSeconds, end: now};
    const labels = /^label_values\((?:(.+),\s*)?(\w+)\)$/.exec(query);
    if (labels) return api.labelValues(labels[2], {selector: labels[1], ...range});
    const result = /^query_result\((.+)\)$/.exec(query);
    if (!result) throw new Error(`${variable.name}: Grafana has no such query: ${query}`);
    const [, pattern, flags] = /^\/(.*)\/(\w*)$/.exec(variable.regex);
    const lines = (await api.instant(result[1], now)).result.map(lineOf);
    return [...new Set(lines.flatMap((line) => [...line.matchAll(new RegExp(pattern, flags))].map((match) => match[1])))];
  }
}

// A sample as Grafana writes it for the regular expression of a variable.
function lineOf({metric: {__name__: name = '', ...labels}, value: [time, value]}) {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return `${name}{${pairs.join(',')}} ${value} ${time * 1000}`;
}

function textOf(variable, options, chosen) {
  if (chosen !== undefined) return variable.multi ? escaped(chosen) : chosen;
  if (variable.includeAll) return variable.allValue;
  return options.includes(variable.current.value) ? variable.current.value : options[0] ?? '';
}
