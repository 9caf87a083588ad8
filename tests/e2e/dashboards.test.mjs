// Goal: the Grafana boards are of one piece: what Grafana 10 to 12 can show, nothing that leads nowhere. Method: their
// JSON is read.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';

import {Dashboard, grafanaFolder} from './lib/dashboard.mjs';

const boards = await Dashboard.readAll();

// What Grafana 10 to 12 have built in; what they call deprecated is not here.
const panelTypes = new Set(['stat', 'table', 'timeseries', 'state-timeline', 'bargauge', 'gauge', 'text', 'row']);
const macros = new Set(['__rate_interval', '__interval', '__range']);

// Of a panel on the grid.
const cellsOf = ({x, y, w, h}) => Array.from({length: w * h}, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`);

for (const board of boards) {
  test(`${board.json.title} is sound`, () => {
    const all = [...board.json.panels, ...board.panels];
    for (const panel of all) {
      assert.ok(panelTypes.has(panel.type), `${panel.title}: ${panel.type} is no panel type of Grafana 10 to 12`);
      assert.ok(panel.gridPos.x + panel.gridPos.w <= 24, `${panel.title} is wider than the board`);
    }
    const ids = board.json.panels.map(({id}) => id);
    assert.equal(new Set(ids).size, ids.length, 'two panels have one id');
    const cells = board.json.panels.flatMap(({gridPos}) => cellsOf(gridPos));
    assert.equal(new Set(cells).size, cells.length, 'two panels overlap');
    for (const panel of board.panels) {
      assert.ok(panel.title && panel.description, `panel ${panel.id} has no title or description`);
      for (const {datasource} of [panel, ...panel.targets])
        assert.deepEqual(datasource, {type: 'prometheus', uid: '${datasource}'}, panel.title);
    }
  });

  test(`${board.json.title} has what it names`, () => {
    const names = new Set(board.variables.map(({name}) => name));
    for (const expr of [...board.expressions, ...board.variableQueries]) {
      for (const [, name] of expr.matchAll(/\$\{?([A-Za-z_]\w*)/g))
        assert.ok(names.has(name) || macros.has(name), `there is no variable ${name}: ${expr}`);
    }
    const text = JSON.stringify(board.json);
    for (const [, uid] of text.matchAll(/"\/d\/([\w-]+)\//g)) {
      const linked = boards.find((other) => other.uid === uid);
      assert.ok(linked, `a link leads to ${uid}, which is no board`);
      for (const [, name] of text.matchAll(/[?&]var-(\w+)=/g))
        assert.ok(linked.variables.some((variable) => variable.name === name), `${uid} has no variable ${name}`);
    }
  });
}

test('the provisioning files find each other', async () => {
  const source = await readFile(`${grafanaFolder}provisioning/datasources/slowburn.yaml`, 'utf8');
  assert.match(source, /url: http:\/\/127\.0\.0\.1:7560$/m);
  assert.match(source, /timeInterval: 15s$/m);
  const [, uid] = /uid: (\S+)$/m.exec(source);
  for (const board of boards)
    assert.equal(board.variables.find(({type}) => type === 'datasource').current.value, uid);
});
