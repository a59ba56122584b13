import type { Clock } from '../clock.js';

/** What there is on the server, for completion: fetched when it is first asked for, and kept for a while. */

export interface CatalogColumn {
  readonly name: string;
  /** Fields of a STRUCT. */
  readonly fields: readonly CatalogColumn[];
}

export interface CatalogSource {
  readonly name: string;
  readonly isTable: boolean;
  readonly columns: readonly CatalogColumn[];
}

export interface Names {
  readonly sources: readonly CatalogSource[];
  readonly functions: readonly string[];
  readonly types: readonly string[];
  readonly queries: readonly string[];
  readonly topics: readonly string[];
  readonly settings: readonly string[];
  readonly connectors: readonly string[];
}
export type NameKind = keyof Names;

type Entity = Record<string, unknown>;
type Ask = (sql: string, signal: AbortSignal) => Promise<readonly Entity[]>;

interface Field {
  readonly name: string;
  readonly schema: { readonly fields: readonly Field[] | null };
}

const named = (items: unknown, member: string): string[] =>
  ((items as Entity[] | undefined) ?? []).map((i) => String(i[member]));
const columnsOf = (fields: readonly Field[]): CatalogColumn[] =>
  fields.map((f) => ({ name: f.name, fields: columnsOf(f.schema.fields ?? []) }));

/** The statement that tells each kind of name, and what to read out of its answer. */
const QUESTIONS: { readonly [K in NameKind]: { readonly sql: string; read(answer: readonly Entity[]): Names[K] } } = {
  sources: {
    sql: 'SHOW STREAMS EXTENDED; SHOW TABLES EXTENDED;',
    read: (answer) =>
      answer
        .flatMap((e) => (e.sourceDescriptions ?? []) as Entity[])
        .map((d) => ({
          name: String(d.name),
          isTable: d.type === 'TABLE',
          columns: columnsOf(d.fields as Field[]),
        })),
  },
  functions: { sql: 'SHOW FUNCTIONS;', read: (a) => named(a[0]?.functions, 'name') },
  types: { sql: 'SHOW TYPES;', read: (a) => Object.keys((a[0]?.types ?? {}) as object) },
  queries: { sql: 'SHOW QUERIES;', read: (a) => named(a[0]?.queries, 'id') },
  topics: { sql: 'SHOW TOPICS;', read: (a) => named(a[0]?.topics, 'name') },
  settings: {
    sql: 'SHOW PROPERTIES;',
    read: (a) => [...new Set(named(a[0]?.properties, 'name').map((n) => n.replace(/^ksql\.streams\./, '')))],
  },
  connectors: { sql: 'SHOW CONNECTORS;', read: (a) => named(a[0]?.connectors, 'name') },
};

/** How long what was fetched is taken for true, and how long one waits for it. */
const FRESH_MS = 30_000;
const RETRY_MS = 3_000;
const WAIT_MS = 500;
const TIMEOUT_MS = 5_000;
const MAX_NAMES = 50_000;

interface Entry {
  value: readonly unknown[];
  at: number;
  fetching: Promise<void> | undefined;
}

export class Catalog {
  private entries = new Map<NameKind, Entry>();

  constructor(
    private readonly ask: Ask,
    private readonly clock: Clock,
  ) {}

  /** What there may be is no longer known: statements were run, or the server is another. */
  forget(): void {
    this.entries = new Map();
  }

  /** What is known of these kinds after a short wait; what is slower is there the next time. */
  async get(kinds: readonly NameKind[]): Promise<Partial<Names>> {
    const waits = kinds.map((k) => this.refresh(k)).filter((p) => p !== undefined);
    if (waits.length > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.clock.after(WAIT_MS, resolve);
        void Promise.all(waits).then(() => {
          cancel();
          resolve();
        });
      });
    }
    return Object.fromEntries(kinds.map((k) => [k, this.entries.get(k)?.value ?? []]));
  }

  private refresh(kind: NameKind): Promise<void> | undefined {
    const known = this.entries.get(kind);
    if (known?.fetching !== undefined) return known.fetching;
    if (known !== undefined && this.clock.now() - known.at < FRESH_MS) return undefined;
    const entry: Entry = known ?? { value: [], at: 0, fetching: undefined };
    this.entries.set(kind, entry);
    const { sql, read } = QUESTIONS[kind];
    const stop = new AbortController();
    const cancel = this.clock.after(TIMEOUT_MS, () => stop.abort());
    entry.fetching = this.ask(sql, stop.signal).then(
      (answer) => {
        cancel();
        entry.value = (read(answer) as readonly unknown[]).slice(0, MAX_NAMES);
        entry.at = this.clock.now();
        entry.fetching = undefined;
      },
      () => {
        // No server, or one that does not know the statement: completion goes without, and asks again before long.
        cancel();
        entry.at = this.clock.now() - FRESH_MS + RETRY_MS;
        entry.fetching = undefined;
      },
    );
    return known === undefined || known.value.length === 0 ? entry.fetching : undefined;
  }
}
