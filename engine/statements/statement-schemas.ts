import type { Statement } from '../../parser/ast.js';
import { type AnalyzerContext, analyze, type ResolvedStatement, wantedSchemas } from '../analyzer/index.js';
import { WeirError } from '../base/errors.js';
import type { Catalog, Command, DataSource, QueryDef } from '../catalog/index.js';
import { formatByName } from '../formats/index.js';
import { pinnedSchema, pinSchema } from '../formats/registry/pinned.js';
import {
  type RegisteredSchema,
  type SchemaRegistry,
  type SchemaText,
  sameSchema,
  subjectOf,
} from '../formats/registry/registry.js';
import type { FormatRef, Topology } from '../plan/topology.js';
import type { Column } from '../values/schema.js';

/*
 * What statements have to do with the schema registry. Analysis and planning ask nobody: what they need to know of the
 * registry is fetched before (`analyzeWithSchemas`), and what a command adds to it is registered after, when it runs
 * (`registerSchemas`). Whatever is written then carries its schema and the id (`pinSchema`).
 */

/** Analyses a statement; the schemas that it names are fetched before. */
export async function analyzeWithSchemas(
  statement: Statement,
  context: AnalyzerContext,
  registry: SchemaRegistry,
): Promise<ResolvedStatement> {
  const latest = new Map<string, RegisteredSchema | undefined>();
  const byId = new Map<number, RegisteredSchema | undefined>();
  for (const wanted of wantedSchemas(context, statement)) {
    if ('id' in wanted) byId.set(wanted.id, await registry.fetch(wanted.id));
    else {
      const { subject } = wanted;
      latest.set(subject, (await registry.latest(subject)) ?? plannedSchema(context.catalog, subject));
    }
  }
  return analyze(statement, {
    ...context,
    schemas: { latest: (subject) => fetched(latest, subject), byId: (id) => fetched(byId, id) },
  });
}

/** What was fetched; the analysis asks for nothing else. */
function fetched<K>(schemas: ReadonlyMap<K, RegisteredSchema | undefined>, key: K): RegisteredSchema | undefined {
  if (!schemas.has(key)) throw new WeirError('INTERNAL', `The schema ${String(key)} was not expected to be needed.`);
  return schemas.get(key);
}

/** The schema of a source that a statement before this one in the same script would have registered. */
function plannedSchema(catalog: Catalog, subject: string): RegisteredSchema | undefined {
  for (const source of catalog.sources.values()) {
    for (const isKey of [true, false]) {
      if (subjectOf(source.topic.name, isKey) !== subject) continue;
      const ref = isKey ? source.keyFormat : source.valueFormat;
      const { schemas } = formatByName(ref.name);
      const pinned = schemas === undefined ? undefined : pinnedSchema(ref, schemas.type);
      if (pinned !== undefined) return pinned;
    }
  }
  return undefined;
}

/** A schema that belongs to one side of a source that is written. */
export interface SchemaNeed {
  readonly source: DataSource;
  readonly isKey: boolean;
  readonly subject: string;
  readonly schema: SchemaText;
  /** False: what is registered for the subject already is left alone. */
  readonly always: boolean;
}

/** The schemas that a command has to register, or to find registered. Pure. */
export function schemaNeeds(command: Command, catalog: Catalog): readonly SchemaNeed[] {
  switch (command.kind) {
    case 'createSource':
      return sourceNeeds(command.source, false);
    case 'createAs':
      return sourceNeeds(command.source, true);
    case 'insertInto': {
      const sink = catalog.sources.get(command.query.sink);
      return sink === undefined ? [] : sourceNeeds(sink, true);
    }
    default:
      return [];
  }
}

/** The schemas of a source's sides that have none yet. Pure. */
export function sourceNeeds(source: DataSource, always: boolean): readonly SchemaNeed[] {
  const needs: SchemaNeed[] = [];
  for (const isKey of [true, false]) {
    const ref = isKey ? source.keyFormat : source.valueFormat;
    const columns = isKey ? source.schema.key : source.schema.value.filter((c) => c.headers === undefined);
    const schemas = formatByName(ref.name).schemas;
    if (schemas === undefined || columns.length === 0) continue;
    // A schema that columns were added to since is none to write with any more.
    if (pinnedSchema(ref, schemas.type) !== undefined && isWritable(ref, columns, isKey)) continue;
    const subject = subjectOf(source.topic.name, isKey);
    needs.push({ source, isKey, subject, schema: schemas.schemaOf(columns, isKey, ref), always });
  }
  return needs;
}

/** Registered schemas by the side that they are of; undefined: the subject's are other ones, and are left alone. */
export type Registered = ReadonlyMap<SchemaNeed, RegisteredSchema | undefined>;

/** Registers what a command needs, key before value. */
export async function registerSchemas(needs: readonly SchemaNeed[], registry: SchemaRegistry): Promise<Registered> {
  const out = new Map<SchemaNeed, RegisteredSchema | undefined>();
  for (const need of needs) {
    const latest = need.always ? undefined : await registry.latest(need.subject);
    out.set(
      need,
      latest === undefined
        ? { ...need.schema, id: await registry.register(need.subject, need.schema) }
        : usable(need, latest),
    );
  }
  return out;
}

/** A subject's latest schema, where the columns can be written with it. */
export function usable(need: SchemaNeed, latest: RegisteredSchema): RegisteredSchema | undefined {
  if (latest.type !== need.schema.type) return undefined;
  if (sameSchema(latest, need.schema)) return latest;
  const { source, isKey } = need;
  const ref = pinSchema(isKey ? source.keyFormat : source.valueFormat, latest);
  const columns = isKey ? source.schema.key : source.schema.value.filter((c) => c.headers === undefined);
  return isWritable(ref, columns, isKey) ? latest : undefined;
}

/** Whether these columns can be written with the schema that the format carries. */
function isWritable(ref: FormatRef, columns: readonly Column[], isKey: boolean): boolean {
  try {
    formatByName(ref.name).encoder({ columns, needed: [], ref, isKey });
    return true;
  } catch (e) {
    if (e instanceof WeirError) return false;
    throw e;
  }
}

/** Stands in for ids while a script is only checked: such a command is never kept. */
export const assumed = (needs: readonly SchemaNeed[]): Registered =>
  new Map(needs.map((need) => [need, { ...need.schema, id: 0 }]));

/** A command that carries the schemas it is written with. Pure. */
export function withSchemas(command: Command, registered: Registered): Command {
  if (registered.size === 0) return command;
  switch (command.kind) {
    case 'createSource':
    case 'createAs': {
      const source = pinnedSource(command.source, registered);
      const query = command.query === null ? null : pinnedQuery(command.query, command.source, source);
      return { ...command, source, query } as Command;
    }
    case 'insertInto': {
      const [need] = registered.keys();
      const sink = need!.source;
      return { ...command, query: pinnedQuery(command.query, sink, pinnedSource(sink, registered)) };
    }
    default:
      return command;
  }
}

/** A source with the schemas that were registered for it. */
export function pinnedSource(source: DataSource, registered: Registered): DataSource {
  let out = source;
  for (const [need, schema] of registered) {
    if (schema === undefined || need.source !== source) continue;
    const side = need.isKey ? 'keyFormat' : 'valueFormat';
    out = { ...out, [side]: pinSchema(out[side], schema) };
  }
  return out;
}

/** The nodes of a query that read or write a source's topic, with the source's formats as they are now. */
function pinnedQuery(query: QueryDef, before: DataSource, after: DataSource): QueryDef {
  const topic = before.topic.name;
  const formats: { readonly keyFormat: FormatRef; readonly valueFormat: FormatRef } = {
    keyFormat: after.keyFormat,
    valueFormat: after.valueFormat,
  };
  const topology: Topology = {
    ...query.topology,
    subtopologies: query.topology.subtopologies.map((sub) => ({
      ...sub,
      nodes: sub.nodes.map((node) => {
        if (node.kind === 'sink' && node.topic === topic) return { ...node, ...formats };
        if (node.kind === 'source' && node.source === before.name) return { ...node, ...formats };
        return node;
      }),
    })),
  };
  return { ...query, topology };
}
