import { type AnalyzerContext, analyze } from '../../engine/analyzer/index.js';
import { applyCommand, type Catalog, emptyCatalog } from '../../engine/catalog/index.js';
import { formatNamed } from '../../engine/formats/index.js';
import type { MemoryRegistry } from '../../engine/formats/registry/memory.js';
import {
  type RegisteredSchema,
  SCHEMA_TYPES,
  type SchemaText,
  type SchemaType,
  subjectOf,
} from '../../engine/formats/registry/registry.js';
import { commandOf } from '../../engine/statements/command-of.js';
import { sourceNeeds } from '../../engine/statements/statement-schemas.js';
import { javaHash } from '../../engine/values/java-map-order.js';
import type { Statement } from '../../parser/ast.js';
import type { SchemaSpec, TestCase } from './case.js';
import { type Json, printJson } from './lossless-json.js';

/*
 * What is in the registry when a case begins (README of the suite, section 1.3): the schemas of its topics, and those of
 * the columns of its CREATE statements. Ids follow the order of registration, so that the order matters.
 */

/** Fills the registry. `context` is that of the first statement; statements that make no sense on their own are left out. */
export function registerTopics(
  test: TestCase,
  statements: readonly Statement[],
  registry: MemoryRegistry,
  context: Omit<AnalyzerContext, 'catalog' | 'schemas'>,
): void {
  for (const t of test.topics) {
    for (const isKey of [true, false]) {
      const spec = isKey ? t.key : t.value;
      const schema = schemaText(spec);
      if (schema !== null && spec.schemaId !== undefined) registry.add(subjectOf(t.name, isKey), schema, spec.schemaId);
    }
  }
  const given = new Map<string, SchemaText>();
  for (const t of test.topics) {
    for (const isKey of [true, false]) {
      const schema = schemaText(isKey ? t.key : t.value);
      if (schema !== null) given.set(subjectOf(t.name, isKey), schema);
    }
  }
  const derived = derivedSchemas(statements, given, registry, context);
  const names = new Set([
    ...test.topics.map((t) => t.name),
    ...derived.topics,
    ...[...test.inputs, ...test.outputs].map((r) => r.topic),
  ]);
  for (const topic of hashMapOrder([...names])) {
    for (const isKey of [true, false]) {
      const subject = subjectOf(topic, isKey);
      const schema = given.get(subject) ?? derived.schemas.get(subject);
      if (schema === undefined || registry.latestOf(subject) !== undefined) continue;
      registry.add(subject, schema);
      for (const r of schema.references) registry.add(r.subject, { type: schema.type, text: r.text, references: [] });
    }
  }
}

/** The schemas of the columns of CREATE STREAM and CREATE TABLE, by subject, and the topics that these name. */
function derivedSchemas(
  statements: readonly Statement[],
  given: ReadonlyMap<string, SchemaText>,
  registry: MemoryRegistry,
  context: Omit<AnalyzerContext, 'catalog' | 'schemas'>,
): { readonly schemas: ReadonlyMap<string, SchemaText>; readonly topics: readonly string[] } {
  const schemas = new Map<string, SchemaText>();
  const topics: string[] = [];
  let catalog: Catalog = emptyCatalog();
  const lookup = {
    latest: (subject: string): RegisteredSchema | undefined => {
      const schema = given.get(subject);
      return schema === undefined ? undefined : { ...schema, id: 0 };
    },
    byId: (id: number): RegisteredSchema | undefined => registry.known(id) ?? undefined,
  };
  for (const statement of statements) {
    if (statement.kind !== 'CreateSource' && statement.kind !== 'CreateType') continue;
    try {
      const resolved = analyze(statement, { ...context, catalog, schemas: lookup });
      const command = commandOf(resolved, {}, catalog);
      if (command?.kind === 'createType') catalog = applyCommand(catalog, command);
      if (resolved.kind !== 'createSource') continue;
      topics.push(resolved.source.topic.name);
      for (const need of sourceNeeds(resolved.source, false)) {
        if (!schemas.has(need.subject)) schemas.set(need.subject, need.schema);
      }
    } catch {
      // The statement is wrong, or it names a schema by an id that is not there yet: its turn comes later, and tells.
    }
  }
  return { schemas, topics };
}

function schemaText(spec: SchemaSpec): SchemaText | null {
  const { schema } = spec;
  if (schema === undefined || schema === null) return null;
  const type = typeOf(spec.format);
  return {
    type,
    text: textOfSchema(schema, type),
    references: spec.references.map((r) => ({
      name: r.name,
      subject: r.name,
      version: 1,
      text: textOfSchema(r.schema, typeOf(r.format)),
    })),
  };
}

const textOfSchema = (schema: Json, type: SchemaType): string =>
  type === 'PROTOBUF' && typeof schema === 'string' ? schema : printJson(schema);

/** A case names a kind of schema, or a format that has schemas. */
function typeOf(format: string | undefined): SchemaType {
  const name = format?.toUpperCase() ?? '';
  return SCHEMA_TYPES.find((t) => t === name) ?? formatNamed(name)?.schemas?.type ?? 'AVRO';
}

/** Names in the order in which a Java HashMap that has grown from 16 buckets walks over them. */
function hashMapOrder(names: readonly string[]): readonly string[] {
  let buckets = 16;
  while (names.length > buckets * 0.75) buckets *= 2;
  const bucket = (name: string): number => {
    const h = javaHash(name);
    return (h ^ (h >>> 16)) & (buckets - 1);
  };
  return names
    .map((name) => ({ name, at: bucket(name) }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}
