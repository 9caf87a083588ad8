// Goal: no requirement of OTLP is without a test. Method: the ids that the names of the tests in this folder begin
// with, or that stand in the table below with the reason, against the list of ids.
import assert from 'node:assert/strict';
import {readFile, readdir} from 'node:fs/promises';
import {test} from 'node:test';

// How many there are of each: R receivers, V items, G gRPC, H HTTP, J JSON, E edges.
const counts = {R: 16, V: 14, G: 13, H: 22, J: 13, E: 16};
const ids = Object.entries(counts).flatMap(([kind, count]) => Array.from({length: count}, (_, i) => `${kind}${i + 1}`));

// What is asked of every answer of the table, or cannot be asked from outside.
const elsewhere = {
  G13: 'no input makes a bug of ours: net/http2_server_test.cc throws from a handler, collector/internal/rpc_code_test.cc '
    + 'has the code',
  H10: 'otlp.test.mjs: assertAnswer, of every refusal',
  H20: 'otlp.test.mjs: assertAnswer, of every refusal',
};

// The first string of a row, and the names of tests: "R8_R9_Partial", "G8: 500 calls", "H18, E16: 200 connections".
const names = /(?:^\s+\[|^test\()'((?:[RVGHJE]\d+(?:_|, |: ))+)/gm;

test('every requirement has a test', async () => {
  const found = new Set(Object.keys(elsewhere));
  for (const file of await readdir(new URL('.', import.meta.url))) {
    if (!file.endsWith('.test.mjs')) continue;
    const source = await readFile(new URL(file, import.meta.url), 'utf8');
    for (const [, start] of source.matchAll(names)) for (const [id] of start.matchAll(/[RVGHJE]\d+/g)) found.add(id);
  }
  assert.deepEqual(ids.filter((id) => !found.has(id)), []);
  assert.deepEqual([...found].filter((id) => !ids.includes(id)), [], 'no such requirement');
});
