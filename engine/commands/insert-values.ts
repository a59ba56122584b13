import type { ResolvedInsertValues } from '../analyzer/index.js';
import { compileConstant } from '../expression/index.js';
import { formatByName } from '../formats/index.js';
import { ByteWriter } from '../types/bytes.js';
import type { TypedExpr } from '../types/expr.js';
import type { Column } from '../types/schema.js';
import type { FormatRef } from '../types/topology.js';
import type { Value } from '../types/value.js';
import type { Prepared, StatementContext } from './context.js';

/** INSERT INTO name (columns) VALUES (…): one record, written when the statement runs. */
export async function insertValues(resolved: ResolvedInsertValues, context: StatementContext): Promise<Prepared> {
  const { target } = resolved;
  const { parts } = context;
  const constant = (e: TypedExpr): Value =>
    compileConstant(e, { functions: parts.functions, config: parts.functionConfig });
  const key = resolved.key === null ? null : resolved.key.map(constant);
  const value = resolved.value === null ? null : resolved.value.map(constant);
  const rowtime = resolved.rowtime === null ? null : Number(constant(resolved.rowtime));
  const written = target.schema.value.filter((c) => c.headers === undefined);
  const keyBytes = encode(key, target.schema.key, target.keyFormat, true);
  const valueBytes = encode(value, written, target.valueFormat, false);
  return {
    run: async () => {
      await parts.produce(target.topic.name, [
        { key: keyBytes, value: valueBytes, timestamp: rowtime ?? parts.clock.now() },
      ]);
      return undefined;
    },
  };
}

function encode(
  row: readonly Value[] | null,
  columns: readonly Column[],
  ref: FormatRef,
  isKey: boolean,
): Buffer | null {
  if (row === null || columns.length === 0) return null;
  const encoder = formatByName(ref.name).encoder({ columns, needed: columns.map((_, i) => i), ref, isKey });
  const out = new ByteWriter();
  return encoder.encode(row, out) ? out.toBuffer() : null;
}
