/**
 * Trees back to SQL: keywords in upper case, names in back quotes where they need them, one clause a line.
 * `parse(print(tree))` is `tree` but for its spans. Here names, types, expressions and queries; print-statement.ts has the
 * statements around them.
 */
import type {
  Duration,
  Expression,
  Identifier,
  Join,
  Query,
  Relation,
  SelectItem,
  SourceRef,
  TypeNode,
  WindowClause,
  Within,
} from './ast.js';
import { isReserved } from './tokens.js';

// --- Names, texts, types ---------------------------------------------------------------------------------------------

/** Digits and an E are a number, whatever follows. */
export const PLAIN_NAME = /^(?:[A-Z_]|[0-9]+(?!E[0-9]+$)[A-Z_@])[A-Z0-9_@]*$/;

/** In back quotes where it was quoted, or has to be. */
export function printIdentifier({ name, quoted }: Identifier): string {
  return quoted || !PLAIN_NAME.test(name) || isReserved(name) ? `\`${name.replaceAll('`', '``')}\`` : name;
}

export function printText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Names of topics and subjects: case is kept, and a plain word needs no quotes. */
export function printExternal(text: string, quoted: boolean): string {
  return quoted ? printText(text) : text;
}

export function printType(type: TypeNode): string {
  switch (type.kind) {
    case 'PrimitiveType':
      return type.name;
    case 'DecimalType':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'ArrayType':
      return `ARRAY<${printType(type.element)}>`;
    case 'MapType':
      return `MAP<${printType(type.key)}, ${printType(type.value)}>`;
    case 'StructType':
      return `STRUCT<${type.fields.map((f) => `${printIdentifier(f.name)} ${printType(f.type)}`).join(', ')}>`;
    case 'CustomType':
      return printIdentifier(type.name);
    default:
      return unreachable(type);
  }
}

// --- Expressions -----------------------------------------------------------------------------------------------------

/** How tightly an expression holds together; an operand looser than its place gets parentheses. */
const LAMBDA = 0;
const OR = 1;
const AND = 2;
const NOT = 3;
const PREDICATE = 4;
const CONCAT = 5;
const SUM = 6;
const PRODUCT = 7;
const SIGNED = 8;
const ZONED = 9;
const POSTFIX = 10;
const ATOM = 11;

function tightness(expression: Expression): number {
  switch (expression.kind) {
    case 'Lambda':
      return LAMBDA;
    case 'Logical':
      return expression.operator === 'OR' ? OR : AND;
    case 'Not':
      return NOT;
    case 'Comparison':
    case 'IsNull':
    case 'Between':
    case 'In':
    case 'Like':
      return PREDICATE;
    case 'Concat':
      return CONCAT;
    case 'Arithmetic':
      return expression.operator === '+' || expression.operator === '-' ? SUM : PRODUCT;
    case 'Unary':
      return SIGNED;
    case 'IntegerLiteral':
    case 'BigintLiteral':
      return expression.value < 0 ? SIGNED : ATOM;
    case 'DecimalLiteral':
    case 'DoubleLiteral':
      return expression.text.startsWith('-') ? SIGNED : ATOM;
    case 'AtTimeZone':
      return ZONED;
    case 'StructAccess':
    case 'Subscript':
      return POSTFIX;
    default:
      return ATOM;
  }
}

export function printExpression(expression: Expression): string {
  return print(expression, LAMBDA);
}

function print(expression: Expression, place: number): string {
  const text = printBare(expression);
  return tightness(expression) < place ? `(${text})` : text;
}

export function printList(expressions: readonly Expression[]): string {
  return expressions.map(printExpression).join(', ');
}

function printBare(e: Expression): string {
  switch (e.kind) {
    case 'StringLiteral':
      return printText(e.value);
    case 'IntegerLiteral':
    case 'BigintLiteral':
      return String(e.value);
    case 'DecimalLiteral':
    case 'DoubleLiteral':
      return e.text;
    case 'BooleanLiteral':
      return e.value ? 'TRUE' : 'FALSE';
    case 'NullLiteral':
      return 'NULL';
    case 'TemporalLiteral':
      return `${e.type} ${printText(e.text)}`;
    case 'ColumnRef':
      return e.source === undefined
        ? printIdentifier(e.name)
        : `${printIdentifier(e.source)}.${printIdentifier(e.name)}`;
    case 'IntervalUnit':
      return printIdentifier(e.name);
    case 'StructAccess':
      return `${print(e.base, POSTFIX)}->${printIdentifier(e.field)}`;
    case 'Subscript':
      return `${print(e.base, POSTFIX)}[${print(e.index, CONCAT)}]`;
    case 'Arithmetic': {
      const level = tightness(e);
      return `${print(e.left, level)} ${e.operator} ${print(e.right, level + 1)}`;
    }
    case 'Concat':
      return `${print(e.left, CONCAT)} || ${print(e.right, SUM)}`;
    case 'Unary': {
      // Never -5, which is a literal, and never --, which is a comment.
      const number = /Literal$/.test(e.operand.kind) && e.operand.kind !== 'StringLiteral';
      return `${e.operator}${number ? `(${printBare(e.operand)})` : print(e.operand, ZONED)}`;
    }
    case 'AtTimeZone':
      return `${print(e.operand, ZONED)} AT TIME ZONE ${print(e.zone, ATOM)}`;
    case 'Comparison':
      return `${print(e.left, CONCAT)} ${e.operator} ${print(e.right, CONCAT)}`;
    case 'Logical': {
      const level = tightness(e);
      return `${print(e.left, level)} ${e.operator} ${print(e.right, level + 1)}`;
    }
    case 'Not':
      return `NOT ${print(e.operand, NOT)}`;
    case 'IsNull':
      return `${print(e.operand, CONCAT)} IS ${e.negated ? 'NOT ' : ''}NULL`;
    case 'Between': {
      const bounds = `${print(e.low, CONCAT)} AND ${print(e.high, CONCAT)}`;
      return `${print(e.operand, CONCAT)} ${e.negated ? 'NOT ' : ''}BETWEEN ${bounds}`;
    }
    case 'In':
      return `${print(e.operand, CONCAT)} ${e.negated ? 'NOT ' : ''}IN (${printList(e.list)})`;
    case 'Like': {
      const escaping = e.escape === undefined ? '' : ` ESCAPE ${printText(e.escape)}`;
      return `${print(e.operand, CONCAT)} ${e.negated ? 'NOT ' : ''}LIKE ${print(e.pattern, CONCAT)}${escaping}`;
    }
    case 'SearchedCase':
    case 'SimpleCase': {
      const operand = e.kind === 'SimpleCase' ? ` ${printExpression(e.operand)}` : '';
      const whens = e.whens.map((w) => ` WHEN ${printExpression(w.operand)} THEN ${printExpression(w.result)}`);
      const otherwise = e.otherwise === undefined ? '' : ` ELSE ${printExpression(e.otherwise)}`;
      return `CASE${operand}${whens.join('')}${otherwise} END`;
    }
    case 'Cast':
      return `CAST(${printExpression(e.operand)} AS ${printType(e.type)})`;
    case 'FunctionCall':
      return `${printIdentifier(e.name)}(${e.star ? '*' : printList(e.args)})`;
    case 'Lambda': {
      const params = e.params.map(printIdentifier);
      return `${params.length === 1 ? params[0] : `(${params.join(', ')})`} => ${printExpression(e.body)}`;
    }
    case 'ArrayConstructor':
      return `ARRAY[${printList(e.elements)}]`;
    case 'MapConstructor':
      return `MAP(${e.entries.map((m) => `${printExpression(m.key)} := ${printExpression(m.value)}`).join(', ')})`;
    case 'StructConstructor':
      return `STRUCT(${e.entries.map((s) => `${printIdentifier(s.name)} := ${printExpression(s.value)}`).join(', ')})`;
    default:
      return unreachable(e);
  }
}

// --- Queries ---------------------------------------------------------------------------------------------------------

export function printQuery(query: Query): string {
  const select = `SELECT ${query.distinct === true ? printDistinct(query.select) : printSelect(query.select)}`;
  const lines = [select, `FROM ${printRelation(query.from)}`];
  const add = (text: string | undefined): void => {
    if (text !== undefined) lines.push(text);
  };
  add(query.window && printWindow(query.window));
  add(query.where && `WHERE ${printExpression(query.where)}`);
  add(query.groupBy && `GROUP BY ${printGrouping(query.groupBy)}`);
  add(query.partitionBy && `PARTITION BY ${printGrouping(query.partitionBy)}`);
  add(query.having && `HAVING ${printExpression(query.having)}`);
  if (query.orderBy !== undefined) {
    const items = query.orderBy.map((o) => {
      const nulls = o.nulls === undefined ? '' : ` NULLS ${o.nulls}`;
      return `${print(o.expression, CONCAT)}${o.descending ? ' DESC' : ''}${nulls}`;
    });
    lines.push(`ORDER BY ${items.join(', ')}`);
  }
  add(query.emit && `EMIT ${query.emit}`);
  if (query.limit !== undefined) lines.push(`LIMIT ${query.limit}`);
  if (query.offset !== undefined) lines.push(`OFFSET ${query.offset}`);
  return lines.join('\n');
}

const printSelect = (items: readonly SelectItem[]): string => items.map(printSelectItem).join(', ');

/** A sign behind DISTINCT would make a column's name of it. */
function printDistinct(items: readonly SelectItem[]): string {
  const text = printSelect(items);
  const [first] = items;
  if (first?.kind !== 'SelectExpression' || !/^[-+]/.test(text)) return `DISTINCT ${text}`;
  return `DISTINCT (${printExpression(first.expression)})${text.slice(printExpression(first.expression).length)}`;
}

/** Values only: what is looser stands in parentheses. */
function printGrouping(items: readonly Expression[]): string {
  return items.map((item) => print(item, CONCAT)).join(', ');
}

function printSelectItem(item: SelectItem): string {
  switch (item.kind) {
    case 'SelectStar':
      return item.source === undefined ? '*' : `${printIdentifier(item.source)}.*`;
    case 'SelectStructStar':
      return `${print(item.base, POSTFIX)}->*`;
    case 'SelectExpression': {
      const text = printExpression(item.expression);
      return item.alias === undefined ? text : `${text} AS ${printIdentifier(item.alias)}`;
    }
    default:
      return unreachable(item);
  }
}

function printRelation(relation: Relation): string {
  // Joins lean left and may be many: a loop, not recursion.
  const joins: Join[] = [];
  let first: Relation = relation;
  while (first.kind === 'Join') {
    joins.push(first);
    first = first.left;
  }
  return [printSourceRef(first), ...joins.reverse().map(printJoin)].join('\n');
}

function printSourceRef({ name, alias }: SourceRef): string {
  return alias === undefined ? printIdentifier(name) : `${printIdentifier(name)} AS ${printIdentifier(alias)}`;
}

function printJoin(join: Join): string {
  const type = join.joinType === 'INNER' ? 'INNER JOIN' : `${join.joinType} OUTER JOIN`;
  const within = join.within === undefined ? '' : ` ${printWithin(join.within)}`;
  return `${type} ${printSourceRef(join.right)}${within} ON ${printExpression(join.on)}`;
}

function printWithin({ before, after, grace }: Within): string {
  const same = before.value === after.value && before.unit === after.unit;
  const size = same ? printDuration(before) : `(${printDuration(before)}, ${printDuration(after)})`;
  return `WITHIN ${size}${grace === undefined ? '' : ` GRACE PERIOD ${printDuration(grace)}`}`;
}

export function printDuration({ value, unit }: Duration): string {
  return `${value} ${unit}`;
}

function printWindow(window: WindowClause): string {
  const parts: string[] = [];
  const rest = (): void => {
    if (window.retention !== undefined) parts.push(`RETENTION ${printDuration(window.retention)}`);
    if (window.grace !== undefined) parts.push(`GRACE PERIOD ${printDuration(window.grace)}`);
  };
  switch (window.kind) {
    case 'TumblingWindow':
      parts.push(`SIZE ${printDuration(window.size)}`);
      rest();
      return `WINDOW TUMBLING (${parts.join(', ')})`;
    case 'HoppingWindow':
      parts.push(`SIZE ${printDuration(window.size)}`, `ADVANCE BY ${printDuration(window.advance)}`);
      rest();
      return `WINDOW HOPPING (${parts.join(', ')})`;
    case 'SessionWindow':
      parts.push(printDuration(window.gap));
      rest();
      return `WINDOW SESSION (${parts.join(', ')})`;
    default:
      return unreachable(window);
  }
}

function unreachable(node: never): never {
  throw new Error(`cannot print ${JSON.stringify(node)}`);
}
