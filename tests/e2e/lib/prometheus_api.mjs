// Prometheus' HTTP API, asked as Grafana's data source asks it: forms by POST for queries, GET for label values.
import {call} from './http.mjs';

export class PrometheusApi {
  constructor(url) { this.url = url; }

  instant(query, time) { return this.#post('query', {query, time}); }
  range(query, {start, end, step}) { return this.#post('query_range', {query, start, end, step}); }
  formatted(query) { return this.#post('format_query', {query}); }

  // Of the series that `selector` selects; of all without one.
  labelValues(label, {selector, start, end}) {
    const parameters = new URLSearchParams({start, end});
    if (selector !== undefined) parameters.set('match[]', selector);
    return this.get(`label/${label}/values?${parameters}`);
  }

  get(path) { return this.#data(path, {}); }

  #post(path, parameters) {
    return this.#data(path, {
      method: 'POST', headers: {'content-type': 'application/x-www-form-urlencoded'},
      body: new URLSearchParams(parameters).toString()});
  }

  // The `data` of the answer; an error answer throws its words.
  async #data(path, options) {
    const {status, text} = await call(`${this.url}/api/v1/${path}`, options);
    if (status !== 200) throw new Error(`${path.split('?')[0]} answered ${status}: ${text}`);
    return JSON.parse(text).data;
  }
}
