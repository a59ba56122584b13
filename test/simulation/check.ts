import { changelogTopic, storesOf } from '../../engine/dataflow/names.js';
import type { KeyWindow, Topology } from '../../engine/plan/topology.js';
import { BatchCursor } from '../../engine/records/batch.js';
import { behind, ENTRY, storePrefix, tagged } from '../../engine/stores/keys.js';
import type { Value } from '../../engine/values/value.js';
import type { Broker } from './broker.js';
import type { SimDisk } from './disk.js';
import { SERVICE_ID } from './node.js';
import type { Expected, Out } from './oracle.js';
import type { SimPartition } from './partition.js';

/** What is wrong with a result. */
export interface Findings {
  lost: number;
  twice: number;
  wrong: number;
  readonly texts: string[];
}

export const noFindings = (): Findings => ({ lost: 0, twice: 0, wrong: 0, texts: [] });

export interface Logged {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
}

/** All that read-committed readers see of a partition, below an offset. */
export function contentOf(partition: SimPartition, end = Number.POSITIVE_INFINITY): Logged[] {
  const out: Logged[] = [];
  const cursor = new BatchCursor();
  for (const batch of partition.read(partition.earliest, Number.POSITIVE_INFINITY).batches) {
    cursor.reset(batch);
    const copy = (s: number, e: number) => (s < 0 ? null : Buffer.from(cursor.buffer.subarray(s, e)));
    while (cursor.next()) {
      if (cursor.offset >= end) break;
      const key = copy(cursor.keyStart, cursor.keyEnd);
      out.push({
        offset: cursor.offset,
        key,
        value: copy(cursor.valueStart, cursor.valueEnd),
        timestamp: cursor.timestamp,
      });
    }
  }
  return out;
}

/** A record of a sink, as the plain evaluation would have it. */
function decode(r: Logged, window: KeyWindow | null): Out {
  const value = r.value === null ? null : JSON.parse(r.value.toString());
  let { key } = r;
  let at: number[] | undefined;
  if (key !== null && window !== null) {
    const n = key.length - (window.kind === 'time' ? 8 : 16);
    at = [Number(key.readBigInt64BE(key.length - 8))];
    if (window.kind === 'session') at.push(Number(key.readBigInt64BE(n)));
    key = key.subarray(0, n);
  }
  const text = key === null ? null : (JSON.parse(key.toString()) as string | null);
  return { key: text, ...(at === undefined ? {} : { window: at }), value, ts: r.timestamp };
}

const keyText = (o: Out): string => `${o.key}${o.window === undefined ? '' : `@${o.window.join('-')}`}`;

const valueText = (o: Out): string =>
  o.value === null ? 'nothing' : JSON.stringify(Object.entries(o.value).sort((a, b) => (a[0] < b[0] ? -1 : 1)));

export interface SinkCheck {
  readonly name: string;
  readonly partitions: readonly SimPartition[];
  readonly window: KeyWindow | null;
  readonly expected: Expected;
  /** Aggregates are emitted at commits only. */
  readonly cached: boolean;
  /** Records may be repeated, but not be missing (at_least_once). */
  readonly repeats: boolean;
}

/** Holds the committed content of a sink against what is expected of it. */
export function checkSink(check: SinkCheck, findings: Findings): void {
  const actual = check.partitions.flatMap((p) => contentOf(p).map((r) => decode(r, check.window)));
  if (check.expected.kind === 'rows') compareRows(check, actual, findings);
  else if (check.expected.kind === 'table') compareTables(check, actual, findings);
  else compareUpdates(check, actual, findings);
}

function compareRows({ name, expected, repeats }: SinkCheck, actual: readonly Out[], findings: Findings): void {
  const timed = expected.rows.every((r) => r.ts !== undefined);
  const text = (o: Out) => `${keyText(o)} -> ${valueText(o)}${timed ? ` at ${o.ts}` : ''}`;
  const left = new Map<string, number>();
  for (const o of actual) left.set(text(o), (left.get(text(o)) ?? 0) + 1);
  const wanted = new Set(expected.rows.map(text));
  for (const o of expected.rows) {
    const t = text(o);
    const n = left.get(t) ?? 0;
    if (n > 0) left.set(t, n - 1);
    else {
      findings.lost++;
      findings.texts.push(`${name}: lost: ${t}`);
    }
  }
  for (const [t, n] of left) {
    if (n === 0 || (repeats && wanted.has(t))) continue;
    if (wanted.has(t)) findings.twice += n;
    else findings.wrong += n;
    findings.texts.push(`${name}: ${wanted.has(t) ? 'twice' : 'not expected'}: ${t}`);
  }
}

function compareTables({ name, expected }: SinkCheck, actual: readonly Out[], findings: Findings): void {
  const last = (rows: readonly Out[]) => {
    const out = new Map<string, string>();
    for (const o of rows) {
      if (o.value === null) out.delete(keyText(o));
      else out.set(keyText(o), valueText(o));
    }
    return out;
  };
  const [want, got] = [last(expected.rows), last(actual)];
  for (const key of new Set([...want.keys(), ...got.keys()])) {
    const [w, g] = [want.get(key), got.get(key)];
    if (w === g) continue;
    if (g === undefined) findings.lost++;
    else findings.wrong++;
    findings.texts.push(`${name}: ${key} is ${g ?? 'missing'}, not ${w ?? 'missing'}`);
  }
}

function compareUpdates({ name, expected, cached }: SinkCheck, actual: readonly Out[], findings: Findings): void {
  const byKey = (rows: readonly Out[]) => {
    const out = new Map<string, string[]>();
    for (const o of rows) out.set(keyText(o), [...(out.get(keyText(o)) ?? []), valueText(o)]);
    return out;
  };
  const [want, got] = [byKey(expected.rows), byKey(actual)];
  for (const key of new Set([...want.keys(), ...got.keys()])) {
    const [w, g] = [want.get(key) ?? [], got.get(key) ?? []];
    const ok = cached ? isThinned(g, w) : g.join() === w.join();
    if (ok) continue;
    if (new Set(g).size < g.length) findings.twice++;
    else if (g.at(-1) !== w.at(-1)) findings.lost++;
    else findings.wrong++;
    findings.texts.push(`${name}: ${key} went through ${g.join(' ')}, not ${w.join(' ')}`);
  }
}

/** Whether `some` is `all` with values left out, but not the last. */
function isThinned(some: readonly string[], all: readonly string[]): boolean {
  if (some.at(-1) !== all.at(-1)) return false;
  let i = 0;
  for (const text of all) if (i < some.length && some[i] === text) i++;
  return i === some.length;
}

/** A row of a table as its topic has it; `isLatest`: of the windows of its partition none ends later. */
export interface LastRow {
  readonly text: string;
  readonly isLatest: boolean;
}

/** The last row of each key in a table's topic, below these offsets. */
export function lastRows(
  partitions: readonly SimPartition[],
  window: KeyWindow | null,
  ends: readonly number[],
): Map<string, LastRow> {
  const all = new Map<string, LastRow>();
  partitions.forEach((partition, i) => {
    const records = contentOf(partition, ends[i]).map((r) => decode(r, window));
    const latest = Math.max(...records.map((o) => o.window?.at(-1) ?? 0));
    for (const o of records) {
      if (o.value === null) all.delete(keyText(o));
      else all.set(keyText(o), { text: valueText(o), isLatest: (o.window?.at(-1) ?? 0) === latest });
    }
  });
  return all;
}

/** What a table's topic has had from these offsets up to those, by key the row or null; each partition's in its order. */
export function changesBetween(
  partitions: readonly SimPartition[],
  window: KeyWindow | null,
  from: readonly number[],
  to: readonly number[],
): (readonly [key: string, text: string | null])[] {
  return partitions.flatMap((partition, i) =>
    contentOf(partition, to[i])
      .filter((r) => r.offset >= from[i]!)
      .map((r) => decode(r, window))
      .map((o) => [keyText(o), o.value === null ? null : valueText(o)] as const),
  );
}

/** A row of a query on a table with one key column, by the names of its columns, as `lastRows` has it. */
export function rowText(
  names: readonly string[],
  row: readonly Value[],
  window: KeyWindow | null,
): readonly [key: string, text: string] {
  const [key, ...rest] = row.map((v) => (typeof v === 'bigint' ? Number(v) : v));
  const bounds = window === null ? 0 : 2;
  const at = rest.slice(0, window?.kind === 'time' ? 1 : bounds) as number[];
  const value = Object.fromEntries(rest.slice(bounds).map((v, i) => [names[1 + bounds + i]!, v]));
  const out = { key: key as string, ...(window === null ? {} : { window: at }), value: value as Out['value'], ts: 0 };
  return [keyText(out), valueText(out)];
}

/** Every store of the queries, on the disk of the node that has all tasks, is what its changelog says. */
export function checkState(
  queries: readonly { readonly id: string; readonly topology: Topology }[],
  broker: Broker,
  disk: SimDisk,
  findings: Findings,
): number {
  let entries = 0;
  for (const { id: queryId, topology } of queries) {
    for (const sub of topology.subtopologies) {
      for (const store of storesOf(sub)) {
        broker.topic(changelogTopic(SERVICE_ID, queryId, store)).forEach((p, partition) => {
          const prefix = tagged(storePrefix({ queryId, subtopology: sub.id, partition }, store), ENTRY);
          const found = disk.range(prefix, behind(prefix)).map(([k, v]) => [k.subarray(prefix.length), v] as const);
          entries += found.length;
          const differences = compareState(replayed(p), found);
          if (differences === 0) return;
          findings.wrong += differences;
          findings.texts.push(`${queryId} ${store}/${partition}: ${differences} entries are not as in the changelog`);
        });
      }
    }
  }
  return entries;
}

function replayed(changelog: SimPartition): Map<string, string> {
  const out = new Map<string, string>();
  for (const { key, value } of contentOf(changelog)) {
    if (value === null) out.delete(key!.toString('latin1'));
    else out.set(key!.toString('latin1'), value.toString('latin1'));
  }
  return out;
}

function compareState(want: Map<string, string>, found: readonly (readonly [Buffer, Buffer])[]): number {
  let differences = 0;
  for (const [key, value] of found) {
    const id = key.toString('latin1');
    if (want.get(id) !== value.toString('latin1')) differences++;
    want.delete(id);
  }
  return differences + want.size;
}
