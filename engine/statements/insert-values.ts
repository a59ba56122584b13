import type { ResolvedInsertValues } from '../analyzer/index.js';
import { WeirError } from '../base/errors.js';
import { type CompileContext, compileConstant } from '../expression/index.js';
import type { Format } from '../formats/format.js';
import { isEventTime } from '../operators/timestamp.js';
import type { TypedExpr } from '../plan/expr.js';
import type { FormatRef } from '../plan/topology.js';
import { ByteWriter } from '../records/bytes.js';
import type { RawRecord } from '../records/raw-record.js';
import type { Column } from '../values/schema.js';
import type { Value } from '../values/value.js';
import { resolving } from './analysis.js';
import type { Prepared, StatementContext } from './context.js';
import { type KindsOf, notDeployed } from './kind.js';
import { assumed, pinnedSource, type Registered, registerSchemas, sourceNeeds } from './statement-schemas.js';

/** INSERT INTO name (columns) VALUES (…): one record, written when the statement runs. */
async function insertValues(resolved: ResolvedInsertValues, context: StatementContext): Promise<Prepared> {
  const { parts } = context;
  const needs = sourceNeeds(resolved.target, true);
  const encode = (registered: Registered): RawRecord =>
    insertedRecord(
      { ...resolved, target: pinnedSource(resolved.target, registered) },
      { compile: { functions: parts.functions, config: parts.functionConfig }, format: parts.format },
    );
  // Values that cannot be written are refused before anything runs.
  encode(assumed(needs));
  return {
    run: async () => {
      const record = encode(await registerSchemas(needs, parts.registry));
      const { timestamp = parts.clock.now() } = record;
      await parts.produce(resolved.target.topic.name, [{ ...record, timestamp }]);
      return undefined;
    },
  };
}

/** The record that an INSERT … VALUES writes; without ROWTIME its timestamp is left out. */
export function insertedRecord(
  resolved: ResolvedInsertValues,
  tools: { readonly compile: Omit<CompileContext, 'onError'>; format(name: string): Format },
): RawRecord {
  const { schema, keyFormat, valueFormat } = resolved.target;
  const constant = (e: TypedExpr): Value => compileConstant(e, tools.compile);
  const encode = (exprs: readonly TypedExpr[] | null, columns: readonly Column[], ref: FormatRef, isKey: boolean) => {
    if (exprs === null || columns.length === 0) return null;
    const needed = columns.map((_, i) => i);
    const out = new ByteWriter();
    const encoder = tools.format(ref.name).encoder({ columns, needed, ref, isKey });
    return encoder.encode(exprs.map(constant), out) ? out.toBuffer() : null;
  };
  const written = schema.value.filter((c) => c.headers === undefined);
  return {
    key: encode(resolved.key, schema.key, keyFormat, true),
    value: encode(resolved.value, written, valueFormat, false),
    timestamp: resolved.rowtime === null ? undefined : rowtime(constant(resolved.rowtime)),
  };
}

/** NULL: the time of the INSERT. */
function rowtime(value: Value): number | undefined {
  if (value === null) return undefined;
  const ms = Number(value);
  if (isEventTime(ms)) return ms;
  throw new WeirError(
    'BAD_STATEMENT',
    `ROWTIME ${String(value)} is no time of a record.`,
    `It is milliseconds since 1970-01-01, from 0 to ${Number.MAX_SAFE_INTEGER}.`,
  );
}

const quoted = (name: string): string => `\`${name}\``;

export const INSERT_VALUES: KindsOf<'InsertValues'> = {
  InsertValues: {
    effect: 'writes',
    subject: () => 'INSERT VALUES',
    prepare: resolving('insertValues', (resolved, _change, context) => insertValues(resolved, context)),
    deploy: notDeployed(
      'INSERT … VALUES cannot be deployed: it would add its row at every start.',
      'Run it once from the shell, or load a file with weir load.',
    ),
    // The values are the user's data, and stay out.
    masked: ({ target, columns, values }) => {
      const names = columns.length === 0 ? '' : ` (${columns.map((c) => quoted(c.name)).join(', ')})`;
      return `INSERT INTO ${quoted(target.name)}${names} VALUES (${values.map(() => "'[value]'").join(', ')});`;
    },
  },
};
