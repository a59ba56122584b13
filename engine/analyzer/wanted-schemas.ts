import type { CreateAs, CreateSource, Statement } from '../../parser/ast.js';
import { SqlError } from '../../parser/source.js';
import { formatNamed } from '../formats/index.js';
import { subjectOf } from '../formats/registry/registry.js';
import { LANGUAGE } from '../settings.js';
import type { AnalyzerContext } from './context.js';
import { readProperties, type WithProperties } from './properties.js';

/** A schema of the registry: the latest of a subject, or the one with an id. */
export type WantedSchema = { readonly subject: string } | { readonly id: number };

/**
 * The schemas that the analysis of a statement will look up, found by its names alone: those that its WITH clause names by
 * id, and those of the sides of a source whose columns it leaves out. Pure.
 */
export function wantedSchemas(
  context: Omit<AnalyzerContext, 'schemas'>,
  statement: Statement,
): readonly WantedSchema[] {
  if (statement.kind !== 'CreateSource' && statement.kind !== 'CreateAs') return [];
  const p = propertiesOf(statement);
  if (p === undefined) return [];
  return [true, false].flatMap((isKey): readonly WantedSchema[] => {
    const id = isKey ? p.keySchemaId : p.valueSchemaId;
    if (statement.kind === 'CreateAs') return id === undefined ? [] : [{ id }];
    if (statement.columns.some((c) => isKeyColumn(c) === isKey && !isHeader(c)) || !hasSchemas(context, p, isKey))
      return [];
    return [id === undefined ? { subject: subjectOf(p.topic ?? '', isKey) } : { id }];
  });
}

/** Undefined: they are wrong, which the analysis says in its turn. */
function propertiesOf(statement: CreateSource | CreateAs): WithProperties | undefined {
  try {
    return readProperties(statement.properties, statement.kind === 'CreateSource' ? 'source' : 'sink');
  } catch (e) {
    if (e instanceof SqlError) return undefined;
    throw e;
  }
}

type Column = CreateSource['columns'][number];
const isKeyColumn = ({ role }: Column): boolean => role === 'KEY' || role === 'PRIMARY_KEY';
const isHeader = ({ role }: Column): boolean => role === 'HEADERS' || role === 'HEADER';

function hasSchemas({ properties }: Pick<AnalyzerContext, 'properties'>, p: WithProperties, isKey: boolean): boolean {
  const name = isKey
    ? (p.keyFormat ?? LANGUAGE.keyFormat.of(properties))
    : (p.valueFormat ?? LANGUAGE.valueFormat.of(properties));
  return name !== undefined && formatNamed(name.toUpperCase())?.schemas !== undefined;
}
