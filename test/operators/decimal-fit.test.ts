import { describe, expect, test } from 'vitest';
import type { TypedExpr } from '../../engine/plan/expr.js';
import { array, decimal, type SqlType, STRING } from '../../engine/values/sql-type.js';
import { col, Drive, literal, row, sink, source, topology } from '../runtime/support.js';

/** What no expression gives any more, but what another version may have left in a store or a topic. */
const wide: TypedExpr = literal('10', decimal(1, 0));
const one: TypedExpr = literal('1', decimal(1, 0));

function written(key: TypedExpr, value: readonly TypedExpr[], valueFormat = 'JSON') {
  const columns = (exprs: readonly TypedExpr[], name: string) =>
    exprs.map((e, i) => ({ name: `${name}${i}`, type: e.type as SqlType }));
  const keyColumns = columns([key], 'K');
  const valueColumns = columns(value, 'V');
  const drive = new Drive(
    topology([
      source(),
      { kind: 'project', id: 'project', input: 'source', key: [key], value, keyColumns, valueColumns, table: false },
      sink('project', keyColumns, valueColumns, { valueFormat: { name: valueFormat, properties: {} } }),
    ]),
  );
  drive.driver.pipe({
    topic: 'in',
    key: Buffer.from('1'),
    value: Buffer.from(JSON.stringify(row('a', 1))),
    timestamp: 0,
  });
  const [out] = drive.driver.take();
  return {
    key: out!.key === null ? null : Buffer.from(out!.key).toString(),
    value: Buffer.from(out!.value!).toString('latin1'),
    reports: drive.driver.reports,
  };
}

describe('a sink writes no DECIMAL that its type cannot hold', () => {
  const report = (column: string) => ({
    kind: 'evaluation',
    node: 'sink',
    message: `${column}: Numeric field overflow: 10 does not fit DECIMAL(1, 0)`,
  });

  test('the column is NULL, the others are written', () => {
    const out = written(one, [col(0, STRING), wide, one]);
    expect(out).toMatchObject({ key: '1', value: '{"V0":"a","V1":null,"V2":1}', reports: [report('V1')] });
  });

  test('the key is NULL', () => {
    expect(written(wide, [one])).toMatchObject({ key: null, value: '{"V0":1}', reports: [report('K0')] });
  });

  test('inside a collection, too', () => {
    const list: TypedExpr = { kind: 'array', elements: [one, wide], type: array(decimal(1, 0)) };
    expect(written(one, [list])).toMatchObject({ value: '{"V0":null}', reports: [report('V0')] });
  });

  test.each(['DELIMITED', 'PROTOBUF_NOSR', 'ROW'])('in %s', (format) => {
    const nothing = literal(null, decimal(1, 0));
    expect(written(one, [one, wide], format).value).toBe(written(one, [one, nothing], format).value);
  });
});
