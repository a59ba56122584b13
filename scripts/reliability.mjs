// Runs what shows that nothing is lost and nothing counted twice, prints the figures and writes them into docs/reliability.md.
// usage: npm run reliability -- [--kills 100] [--brokers 3] [--damages 1000] [--seeds 10000]
//                               [--only chaos,damage,simulation] [--log FILE of an earlier run, in place of running]
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PAGE = join(root, 'docs', 'reliability.md');
const BEGIN = '<!-- figures: written by npm run reliability -->';
const END = '<!-- end of figures -->';
const HEAD = [
  '| what | date | machine | runs | kills | other faults | records | lost | twice |',
  '|---|---|---|---|---|---|---|---|---|',
];

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    brokers: { type: 'string', default: '3' },
    damages: { type: 'string', default: '1000' },
    seeds: { type: 'string', default: '10000' },
    only: { type: 'string', default: 'chaos,damage,simulation' },
    log: { type: 'string' },
  },
});

const bootstrap = join(root, 'scripts', 'bootstrap.mjs');
const PARTS = {
  chaos: {
    args: ['test', '--project', 'kafka', 'test/chaos'],
    env: { WEIR_CHAOS_KILLS: values.kills, WEIR_CHAOS_BROKERS: values.brokers, WEIR_REQUIRE: 'kafka' },
  },
  damage: { args: ['test', '--project', 'unit', 'test/damage'], env: { WEIR_DAMAGE_CASES: values.damages } },
  simulation: { args: ['simulate', '--seeds', values.seeds], env: {} },
};

/** Runs a part; its output is shown and given back. */
function run({ args, env }) {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'inherit'];
    const child = spawn(process.execPath, [bootstrap, ...args], { cwd: root, stdio, env: { ...process.env, ...env } });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk).replaceAll(/\u001b\[[0-9;]*m/g, '');
      process.stdout.write(chunk);
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${args.join(' ')} ended with ${code}`)),
    );
  });
}

const date = new Date().toISOString().slice(0, 10);
const memory = Math.round(totalmem() / 2 ** 30);
const machine = `${availableParallelism()} cores, ${memory} GiB, ${process.platform}, Node ${process.versions.node.split('.')[0]}`;
const row = (what, runs, kills, faults, records, lost, twice) =>
  `| ${[what, date, machine, runs, kills, faults, records, lost, twice].join(' | ')} |`;

/** Rows of the table from what the parts print. */
function figures(output) {
  const rows = [];
  for (const [, text] of output.matchAll(/^CHAOS (\{.*\})$/gm)) {
    const f = JSON.parse(text);
    const what = `${f.nodes} nodes, ${f.brokers === 1 ? 'one broker' : `${f.brokers} brokers, RF 3, min ISR 2`}`;
    const faults = [
      `${f.zombies} zombies`,
      `${f.brokersStopped} clean and ${f.brokersKilled} hard restarts of a broker`,
      `${f.hanging} transactions left open`,
    ];
    rows.push(row(what, 1, f.kills, faults.join(', '), `${f.rides} in, ${f.results} out`, f.lost, f.twice));
  }
  const outcomes = { embedded: 'embedded log and state', state: 'state with changelogs' };
  for (const [, kind, text] of output.matchAll(/^DAMAGE (\w+) (\{.*\})$/gm)) {
    const { cases, seed: _, wrong, ...ends } = JSON.parse(text);
    const how = Object.entries(ends).map(([end, n]) => `${n} ${end}`);
    rows.push(
      row(`damage: ${outcomes[kind]}`, cases, '–', `${cases}: ${how.join(', ')}, ${wrong} wrong`, '700 in each', 0, 0),
    );
  }
  const simulated =
    /^seeds run +(\d+)\nrecords +(\d+)[\s\S]*?^faults:\n((?: {2}.*\n)*)lost = (\d+), twice = (\d+)/m.exec(output);
  if (simulated !== null) {
    const [, seeds, records, list, lost, twice] = simulated;
    const faults = [...list.matchAll(/ (\d+)$/gm)].reduce((n, m) => n + Number(m[1]), 0);
    rows.push(row('simulation', `${seeds} seeds`, '–', faults, records, lost, twice));
  }
  return rows;
}

const name = (line) => line.split('|')[1].trim();

/** New rows take the places of those of the same name. */
function write(rows) {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : `# Reliability\n\n${BEGIN}\n${END}\n`;
  const [before, rest] = page.split(BEGIN);
  const [old, after] = rest.split(END);
  const kept = old.split('\n').filter((l) => l.startsWith('| ') && !HEAD.includes(l));
  const all = kept.map((line) => rows.find((r) => name(r) === name(line)) ?? line);
  for (const r of rows) if (!all.some((line) => name(line) === name(r))) all.push(r);
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${[...HEAD, ...all].join('\n')}\n\n${END}${after}`);
}

let output = '';
if (values.log !== undefined) output = readFileSync(values.log, 'utf8');
else for (const part of values.only.split(',')) output += await run(PARTS[part]);
const rows = figures(output);
if (rows.length === 0) {
  console.error('No figures: was everything skipped?');
  process.exitCode = 1;
} else {
  write(rows);
  console.log(`\n${[...HEAD, ...rows].join('\n')}\n\nwritten to docs/reliability.md`);
}
