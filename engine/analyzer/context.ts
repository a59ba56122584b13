import type { SourceText, Span } from '../../parser/source.js';
import { WeirError } from '../base/errors.js';
import type { Properties } from '../base/properties.js';
import type { Catalog, DataSource } from '../catalog/index.js';
import { type Format, formatByName } from '../formats/index.js';
import type { RegisteredSchema } from '../formats/registry/registry.js';
import type { FunctionRegistry } from '../functions/registry.js';
import type { FormatRef } from '../plan/topology.js';
import type { Column } from '../values/schema.js';
import { printType } from '../values/sql-type.js';
import { didYouMean, fail, listed, tick } from './errors.js';
import { inClause, problem } from './problem.js';
import type { Spelling } from './written-names.js';

/** Everything that the meaning of a statement depends on. Nothing here does I/O: a caller that knows topics hands them in. */
export interface AnalyzerContext {
  readonly catalog: Catalog;
  readonly functions: FunctionRegistry;
  /** What is set: by the session, ALTER SYSTEM and the server. */
  readonly properties: Properties;
  /** The text that the statement's spans refer to. */
  readonly sourceText: SourceText;
  /** What is in the schema registry; undefined: there is none. */
  readonly schemas?: SchemaLookup | undefined;
  /** Names keep the case that the statement has them in: they are to be written so. */
  readonly spelling?: Spelling | undefined;
}

/** Registered schemas as they are when a statement is analysed. Undefined: there is no such schema. */
export interface SchemaLookup {
  latest(subject: string): RegisteredSchema | undefined;
  byId(id: number): RegisteredSchema | undefined;
}

/** The statement's own text, without its semicolon. */
export function sqlOf(context: AnalyzerContext, span: Span): string {
  const text = context.sourceText.slice(span).trim();
  return text.endsWith(';') ? text.slice(0, -1).trimEnd() : text;
}

/** A source by name, or an error that names near ones; `wording`: ksqlDB's, which is another one where rows are read from it. */
export function sourceNamed(
  context: AnalyzerContext,
  name: string,
  span: Span,
  wording = `Line: ${span.line}, Col: ${span.column}: Source \`${name}\` does not exist.`,
): DataSource {
  const source = context.catalog.sources.get(name);
  if (source !== undefined) return source;
  const names = [...context.catalog.sources.keys()];
  const near = didYouMean(name, names);
  const quoted = names.find((n) => n !== name && n.toUpperCase() === name.toUpperCase());
  const hint =
    quoted !== undefined
      ? `Names are case-sensitive in quotes: \`${quoted}\` exists.`
      : (near ?? (names.length === 0 ? 'There is no stream or table yet.' : `There are ${listed(names.slice(0, 5))}.`));
  return fail(wording, span, hint);
}

/** Checks that `columns` can be written in the format; wording as ksqlDB's for keys and values. */
export function checkFormat(ref: FormatRef, columns: readonly Column[], isKey: boolean, place: Places): void {
  const { span } = place;
  const format = formatByName(ref.name);
  const text = columns.map((c) => `\`${c.name}\` ${printType(c.type)}${isKey ? ' KEY' : ''}`).join(', ');
  const features = ref.wrapSingle === undefined ? '' : ref.wrapSingle ? 'WRAP_SINGLES' : 'UNWRAP_SINGLES';
  if (isKey && !format.supportsKeys) fail(`The key format '${ref.name}' is not currently supported.`, span);
  inClause(
    (message) =>
      `${isKey ? 'Key' : 'Value'} format does not support schema.\nformat: ${ref.name}\n` +
      `schema: Persistence{columns=[${text}], features=[${features}]}\nreason: ${message}`,
    () => {
      try {
        format.validate(columns, isKey, ref);
      } catch (e) {
        if (!(e instanceof WeirError)) throw e;
        const alone = (c: Column): boolean => whyNot(format, [c], isKey, ref) === e.message;
        // What is wrong without any column is no column's fault.
        const culprit = whyNot(format, [], isKey, ref) === e.message ? undefined : columns.find(alone);
        const named = culprit === undefined ? undefined : `${tick(culprit.name)} is ${printType(culprit.type)}.`;
        const hint = [named, e.hint].filter((h) => h !== undefined).join(' ');
        problem(e.message, culprit === undefined ? span : place.of(culprit.name), hint === '' ? undefined : hint);
      }
    },
  );
}

/** Where columns stand in a statement. */
export interface Places {
  /** Of what is about none of them. */
  readonly span: Span;
  of(column: string): Span;
}

/** What a format has against these columns. */
function whyNot(format: Format, columns: readonly Column[], isKey: boolean, ref: FormatRef): string | undefined {
  try {
    format.validate(columns, isKey, ref);
    return undefined;
  } catch (e) {
    if (e instanceof WeirError) return e.message;
    throw e;
  }
}
