import { noPages, type PageCounts } from './pages.js';
import { failed, type RunOptions, type RunResult, simulate } from './world.js';

/** Many seeds together. */
export interface Summary {
  seeds: number;
  records: number;
  stateEntries: number;
  events: number;
  virtualMs: number;
  /** What pages were told. */
  readonly pages: PageCounts;
  lost: number;
  twice: number;
  wrong: number;
  readonly faults: Record<string, number>;
  readonly queries: Record<string, number>;
  readonly failures: { readonly seed: number; readonly query: string; readonly texts: readonly string[] }[];
}

/** Failures that are told in full; the others are counted. */
const MAX_FAILURES = 20;

export const emptySummary = (): Summary => ({
  seeds: 0,
  records: 0,
  stateEntries: 0,
  events: 0,
  virtualMs: 0,
  pages: noPages(),
  lost: 0,
  twice: 0,
  wrong: 0,
  faults: {},
  queries: {},
  failures: [],
});

function addPages(to: PageCounts, other: PageCounts): void {
  for (const name of Object.keys(noPages()) as (keyof PageCounts)[]) to[name] += other[name];
}

function addRun(to: Summary, r: RunResult): void {
  to.seeds++;
  to.records += r.records;
  to.stateEntries += r.stateEntries;
  to.events += r.events;
  to.virtualMs += r.virtualMs;
  addPages(to.pages, r.pages);
  to.lost += r.findings.lost;
  to.twice += r.findings.twice;
  to.wrong += r.findings.wrong;
  for (const [kind, n] of r.faults) to.faults[kind] = (to.faults[kind] ?? 0) + n;
  to.queries[r.query] = (to.queries[r.query] ?? 0) + 1;
  if (failed(r) && to.failures.length < MAX_FAILURES) {
    to.failures.push({ seed: r.seed, query: `${r.query}, ${r.guarantee}`, texts: r.findings.texts.slice(0, 8) });
  }
}

export function addSummary(to: Summary, other: Summary): void {
  for (const name of ['seeds', 'records', 'stateEntries', 'events', 'virtualMs', 'lost', 'twice', 'wrong'] as const) {
    to[name] += other[name];
  }
  addPages(to.pages, other.pages);
  for (const part of ['faults', 'queries'] as const) {
    for (const [name, n] of Object.entries(other[part])) to[part][name] = (to[part][name] ?? 0) + n;
  }
  to.failures.push(...other.failures.slice(0, MAX_FAILURES - to.failures.length));
}

/** Runs seeds `first`, `first + step`, … : `count` of them. */
export async function runSeeds(
  first: number,
  count: number,
  step = 1,
  options: RunOptions = {},
  each: (r: RunResult) => void = () => {},
): Promise<Summary> {
  const summary = emptySummary();
  for (let i = 0; i < count; i++) {
    const result = await simulate(first + i * step, options);
    addRun(summary, result);
    each(result);
  }
  return summary;
}

/** How a seed is run again. */
export const replayCommand = (seed: number): string => `npm run simulate -- --seed ${seed}`;

export function report(s: Summary): string {
  const lines = [
    `seeds run      ${s.seeds}`,
    `records        ${s.records}`,
    `state entries  ${s.stateEntries}`,
    `events         ${s.events}`,
    `virtual time   ${Math.round(s.virtualMs / 1000)} s`,
    `snapshots      ${s.pages.snapshots} of ${s.pages.rows} rows, ${s.pages.fellBack} without state`,
    `followed       ${s.pages.followed} tables, ${s.pages.changes} changes`,
    `pull queries   ${s.pages.looks} of ${s.pages.looked} rows; ${s.pages.failed} queries failed`,
    'faults:',
    ...Object.entries(s.faults)
      .sort()
      .map(([kind, n]) => `  ${kind.padEnd(42)} ${n}`),
    `lost = ${s.lost}, twice = ${s.twice}, wrong = ${s.wrong}`,
    `failing seeds  ${s.failures.length === 0 ? 'none' : ''}`,
    ...s.failures.flatMap(({ seed, query, texts }) => [
      `  seed ${seed} (${query}): ${replayCommand(seed)}`,
      ...texts.map((t) => `    ${t}`),
    ]),
  ];
  return lines.join('\n');
}
