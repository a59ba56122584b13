/** Random trees that the parser could have made. Spans are left out; the printer does not read them. */
import fc from 'fast-check';
import type { Expression, Query, Statement, TypeNode } from '../../parser/ast.js';
import { isReserved } from '../../parser/index.js';

/** Names that change what follows them, and so cannot stand unquoted everywhere. */
const SPECIAL = /^(ARRAY|MAP|STRUCT|DEC|DECIMAL|NUMERIC|COLUMN|ALL|IF|EXTENDED|ANALYZE)$/;
const UNIT = /^(MILLISECOND|SECOND|MINUTE|HOUR|DAY|WEEK|MONTH|YEAR)S?$/;

const plainName = fc.oneof(
  fc.constantFrom(
    'A',
    'B',
    'ID',
    'KEY',
    'ROWTIME',
    'LIMIT',
    'WINDOW',
    'PARTITION',
    'EMIT',
    'DATE',
    'TIME',
    'STREAM',
    '1ST',
    'A@B',
  ),
  fc
    .stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/)
    .filter((name) => !isReserved(name) && !SPECIAL.test(name) && !UNIT.test(name)),
);
const quotedName = fc.oneof(
  fc.constantFrom('a', 'SELECT', 'a`b', 'a"b', 'MAP', 'x y', '1', "it's", 'INT'),
  fc.string({ minLength: 1 }),
);

export const identifier = fc.oneof(
  { weight: 3, arbitrary: plainName.map((name) => ({ kind: 'Identifier', name, quoted: false })) },
  { weight: 1, arbitrary: quotedName.map((name) => ({ kind: 'Identifier', name, quoted: true })) },
);

const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,12})\.[0-9]{1,12}$/);

const literal = fc.oneof(
  fc.string().map((value) => ({ kind: 'StringLiteral', value })),
  fc.integer().map((value) => ({ kind: 'IntegerLiteral', value })),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .filter((value) => BigInt.asIntN(32, value) !== value)
    .map((value) => ({ kind: 'BigintLiteral', value })),
  fc.tuple(fc.constantFrom('', '-'), digits).map(([sign, text]) => ({ kind: 'DecimalLiteral', text: sign + text })),
  fc
    .tuple(fc.constantFrom('', '-'), digits, fc.integer({ min: -30, max: 30 }))
    .map(([sign, text, exponent]) => `${sign}${text}E${exponent}`)
    .map((text) => ({ kind: 'DoubleLiteral', value: Number(text), text })),
  fc.boolean().map((value) => ({ kind: 'BooleanLiteral', value })),
  fc.constant({ kind: 'NullLiteral' }),
  fc.record({
    kind: fc.constant('TemporalLiteral'),
    type: fc.constantFrom('DATE', 'TIME', 'TIMESTAMP'),
    text: fc.string(),
  }),
);

const count = fc.integer({ min: 0, max: 1000 });

export const type = fc.letrec<{ type: unknown }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      kind: fc.constant('PrimitiveType'),
      name: fc.constantFrom('BOOLEAN', 'INTEGER', 'BIGINT', 'DOUBLE', 'STRING', 'BYTES', 'TIME', 'DATE', 'TIMESTAMP'),
    }),
    fc.record({ kind: fc.constant('DecimalType'), precision: count, scale: count }),
    fc.record({
      kind: fc.constant('CustomType'),
      name: identifier.filter((name) => name.quoted || !/^(DATE|TIME|INT|STRING)$/.test(name.name)),
    }),
    fc.record({ kind: fc.constant('ArrayType'), element: tie('type') }),
    fc.record({ kind: fc.constant('MapType'), key: tie('type'), value: tie('type') }),
    fc.record({
      kind: fc.constant('StructType'),
      fields: fc.array(fc.record({ kind: fc.constant('StructField'), name: identifier, type: tie('type') }), {
        maxLength: 3,
      }),
    }),
  ),
})).type as fc.Arbitrary<TypeNode>;

export const expression = fc.letrec<{ e: { kind: string } }>((tie) => {
  const e = tie('e');
  const list = (minLength: number) => fc.array(e, { minLength, maxLength: 3 });
  const node = (kind: string, fields: Record<string, fc.Arbitrary<unknown>>) =>
    fc.record({ kind: fc.constant(kind), ...fields }) as fc.Arbitrary<{ kind: string }>;
  const maybe = <T>(key: string, value: fc.Arbitrary<T>) =>
    fc.option(value, { nil: undefined }).map((v): Record<string, T> => (v === undefined ? {} : { [key]: v }));
  const merge = (base: fc.Arbitrary<{ kind: string }>, extra: fc.Arbitrary<Record<string, unknown>>) =>
    fc.tuple(base, extra).map(([a, b]) => ({ ...a, ...b }));
  const negated = fc.boolean();
  const when = node('WhenClause', { operand: e, result: e });
  const whens = fc.array(when, { minLength: 1, maxLength: 2 });
  const isNumber = (x: { kind: string }): boolean => /^(Integer|Bigint|Decimal|Double)Literal$/.test(x.kind);
  return {
    e: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      literal as fc.Arbitrary<{ kind: string }>,
      merge(node('ColumnRef', { name: identifier }), maybe('source', identifier)),
      node('StructAccess', { base: e, field: identifier }),
      node('Subscript', { base: e, index: e }),
      node('Arithmetic', { operator: fc.constantFrom('+', '-', '*', '/', '%'), left: e, right: e }),
      node('Unary', { operator: fc.constantFrom('+', '-'), operand: e }),
      node('Concat', { left: e, right: e }),
      node('Comparison', {
        operator: fc.constantFrom('=', '!=', '<', '<=', '>', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM'),
        left: e,
        right: e,
      }),
      node('Logical', { operator: fc.constantFrom('AND', 'OR'), left: e, right: e }),
      node('Not', { operand: e }),
      node('IsNull', { operand: e, negated }),
      node('Between', { operand: e, low: e, high: e, negated }),
      node('In', { operand: e, list: list(1), negated }),
      merge(node('Like', { operand: e, pattern: e, negated }), maybe('escape', fc.string())),
      merge(node('SearchedCase', { whens }), maybe('otherwise', e)),
      merge(node('SimpleCase', { operand: e, whens }), maybe('otherwise', e)),
      node('Cast', { operand: e, type }),
      node('FunctionCall', { name: identifier, args: list(0), star: fc.constant(false) }),
      node('FunctionCall', { name: identifier, args: fc.constant([]), star: fc.constant(true) }),
      node('Lambda', { params: fc.array(identifier, { minLength: 1, maxLength: 3 }), body: e }),
      node('ArrayConstructor', { elements: list(0) }),
      node('MapConstructor', { entries: fc.array(node('MapEntry', { key: e, value: e }), { maxLength: 2 }) }),
      node('StructConstructor', {
        entries: fc.array(node('StructEntry', { name: identifier, value: e }), { maxLength: 2 }),
      }),
      node('AtTimeZone', { operand: e, zone: e.filter((zone) => !isNumber(zone)) }),
    ),
  };
}).e as unknown as fc.Arbitrary<Expression>;

const duration = fc.record({
  kind: fc.constant('Duration'),
  value: count,
  unit: fc.constantFrom('MILLISECONDS', 'SECONDS', 'MINUTES', 'HOURS', 'DAYS', 'WEEKS', 'MONTHS', 'YEARS'),
});

/** A record whose optional fields are there or not. */
function record(
  kind: string,
  fields: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>> = {},
) {
  const requiredKeys = ['kind', ...Object.keys(fields)] as never[];
  return fc.record({ kind: fc.constant(kind), ...fields, ...optional }, { requiredKeys }) as fc.Arbitrary<{
    kind: string;
  }>;
}

const sourceRef = record('SourceRef', { name: identifier }, { alias: identifier });
const relation = fc
  .tuple(
    sourceRef,
    fc.array(
      fc.tuple(
        fc.constantFrom('INNER', 'LEFT', 'RIGHT', 'FULL'),
        sourceRef,
        fc.option(record('Within', { before: duration, after: duration }, { grace: duration }), { nil: undefined }),
        expression,
      ),
      { maxLength: 2 },
    ),
  )
  .map(([first, joins]) =>
    joins.reduce<unknown>(
      (left, [joinType, right, within, on]) => ({
        kind: 'Join',
        joinType,
        left,
        right,
        ...(within === undefined ? {} : { within }),
        on,
      }),
      first,
    ),
  );

const rest = { retention: duration, grace: duration };
const window = fc.oneof(
  record('TumblingWindow', { size: duration }, rest),
  record('HoppingWindow', { size: duration, advance: duration }, rest),
  record('SessionWindow', { gap: duration }, rest),
);
const postfixable = expression.filter((e) => !/Literal$/.test(e.kind));
const selectItem = fc.oneof(
  record('SelectExpression', { expression }, { alias: identifier }),
  record('SelectStar', {}, { source: identifier }),
  record('SelectStructStar', { base: postfixable }),
);

export const query = record(
  'Query',
  { select: fc.array(selectItem, { minLength: 1, maxLength: 3 }), from: relation },
  {
    window,
    where: expression,
    groupBy: fc.array(expression, { minLength: 1, maxLength: 3 }),
    partitionBy: fc.array(expression, { minLength: 1, maxLength: 3 }),
    having: expression,
    distinct: fc.constant(true),
    orderBy: fc.array(
      record('OrderItem', { expression, descending: fc.boolean() }, { nulls: fc.constantFrom('FIRST', 'LAST') }),
      { minLength: 1, maxLength: 2 },
    ),
    emit: fc.constantFrom('CHANGES', 'FINAL'),
    limit: fc.integer({ min: -5, max: 1000 }),
    offset: count,
  },
) as unknown as fc.Arbitrary<Query>;

const property = fc
  .record({
    kind: fc.constant('Property'),
    name: fc.stringMatching(/^[A-Z_]{1,8}$/),
    quoted: fc.boolean(),
    value: literal.filter(({ kind }) => kind !== 'TemporalLiteral'),
  })
  .map((p) => ({ ...p, quoted: p.quoted || isReserved(p.name) })); // prettier-ignore
const properties = fc.array(property, { maxLength: 3 });

function columns(key: 'KEY' | 'PRIMARY_KEY') {
  const column = fc
    .record({
      kind: fc.constant('ColumnDef'),
      name: identifier,
      type,
      role: fc.constantFrom('NONE', key, 'HEADERS', 'HEADER'),
      headerKey: fc.string(),
    })
    .map(({ headerKey, ...c }) => (c.role === 'HEADER' ? { ...c, headerKey } : c));
  return fc.array(column, { maxLength: 3 });
}

const flag = fc.boolean();
const head = { orReplace: flag, ifNotExists: flag, name: identifier, properties };

export const statement = fc.oneof(
  query,
  record('CreateSource', { ...head, sourceKind: fc.constant('STREAM'), isSource: flag, columns: columns('KEY') }),
  record('CreateSource', {
    ...head,
    sourceKind: fc.constant('TABLE'),
    isSource: flag,
    columns: columns('PRIMARY_KEY'),
  }),
  record('CreateAs', { ...head, sourceKind: fc.constantFrom('STREAM', 'TABLE'), query }),
  record('InsertInto', { target: identifier, properties, query }),
  record('InsertValues', {
    target: identifier,
    columns: fc.array(identifier, { maxLength: 3 }),
    values: fc.array(expression, { minLength: 1, maxLength: 3 }),
  }),
  record('AlterSource', {
    sourceKind: fc.constantFrom('STREAM', 'TABLE'),
    name: identifier,
    columns: fc.array(record('StructField', { name: identifier, type }), { minLength: 1, maxLength: 2 }),
  }),
  record('CreateType', { ifNotExists: flag, name: identifier, type }),
  record('CreateConnector', {
    connectorKind: fc.constantFrom('SOURCE', 'SINK'),
    orReplace: flag,
    ifNotExists: flag,
    name: identifier,
    properties,
  }),
  record('PauseConnector', { name: identifier }),
  record('ResumeConnector', { name: identifier }, { from: fc.constantFrom('EARLIEST', 'LATEST') }),
  record(
    'Print',
    { topic: fc.string(), quoted: fc.constant(true), fromBeginning: flag },
    { interval: count, limit: count },
  ),
  record('Define', { name: identifier, value: fc.string() }),
  record(
    'AssertTopic',
    { exists: flag, topic: fc.string(), quoted: fc.constant(true), properties },
    { timeout: duration },
  ),
  record('AssertSchema', { exists: flag, subject: fc.string() }, { id: count, timeout: duration }),
  record('AssertValues', {
    source: identifier,
    columns: fc.array(identifier, { maxLength: 3 }),
    values: fc.array(expression, { minLength: 1, maxLength: 3 }),
  }),
  record('AssertTable', { name: identifier, columns: columns('PRIMARY_KEY'), properties }),
) as unknown as fc.Arbitrary<Statement>;
