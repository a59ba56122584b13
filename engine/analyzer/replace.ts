import type { Span } from '../../parser/source.js';
import type { DataSource } from '../catalog/index.js';
import type { FormatRef } from '../plan/topology.js';
import { type Column, printSchema } from '../values/schema.js';
import { printType, typeEquals } from '../values/sql-type.js';
import { fail, tick } from './errors.js';

/**
 * CREATE OR REPLACE: what reads the source goes on reading it, so that the new one must be the old one with more columns
 * behind those that were there, over the same topic and in the same formats. Throws otherwise.
 */
export function checkReplacement(was: DataSource, next: DataSource, span: Span): void {
  const source = `DataSource '${tick(was.name)}'`;
  const differs = (what: string, before: string, after: string): never =>
    fail(
      `Cannot upgrade data source: ${source} has ${what} = ${before} which cannot be upgraded to ${after}`,
      span,
      'DROP it first, or use another name.',
    );
  const same = (what: string, before: string, after: string): void => {
    if (before !== after) differs(what, before, after);
  };
  same('kafkaTopicName', was.topic.name, next.topic.name);
  for (const side of ['keyFormat', 'valueFormat'] as const) {
    same(side, was[side].name, next[side].name);
    for (const option of ['delimiter', 'nullableRepresentation']) {
      same(`${side} ${option}`, was[side].properties[option] ?? 'none', next[side].properties[option] ?? 'none');
    }
    same(`${side} features`, featuresOf(was[side]), featuresOf(next[side]));
  }
  same('windowType', was.windowType ?? 'none', next.windowType ?? 'none');
  const lost = (columns: readonly Column[], mark: string): string =>
    `[${columns.map((c) => `${tick(c.name)} ${printType(c.type)}${mark}`).join(', ')}]`;
  const refuse = (why: string): never =>
    fail(
      `Cannot upgrade data source: ${source} has schema = ${printSchema(was.schema)} which cannot be upgraded to ` +
        `${printSchema(next.schema)}. (${why})`,
      span,
      'Columns can only be added, behind those that are there.',
    );
  const keys = changed(was.schema.key, next.schema.key, was.schema.key.length !== next.schema.key.length);
  if (keys.length > 0) {
    refuse(
      `Key columns must be identical. The following key columns are changed, missing or reordered: ${lost(keys, ' KEY')}`,
    );
  }
  const values = changed(was.schema.value, next.schema.value, false);
  if (values.length > 0) refuse(`The following columns are changed, missing or reordered: ${lost(values, '')}`);
}

/** How a single column is written, where it is not as usual. */
const featuresOf = ({ wrapSingle }: FormatRef): string => (wrapSingle === false ? '[UNWRAP_SINGLES]' : '[]');

/** Columns of `before` that are not in the same place of `after`; all of them where `all`. */
const changed = (before: readonly Column[], after: readonly Column[], all: boolean): readonly Column[] =>
  before.filter((c, i) => {
    const now = after[i];
    return all || now === undefined || now.name !== c.name || !typeEquals(now.type, c.type);
  });
