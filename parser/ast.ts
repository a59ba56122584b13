/**
 * The syntax tree of ksqlDB's SQL: plain, immutable values, unions on `kind`, a span on every node.
 * Names are already folded as ksqlDB does it: unquoted ones in upper case, quoted ones as written.
 */
import type { Span } from './source.js';

interface NodeBase {
  readonly span: Span;
}

export interface Identifier extends NodeBase {
  readonly kind: 'Identifier';
  /** Upper-cased unless `quoted`. */
  readonly name: string;
  /** Written in back quotes or double quotes. */
  readonly quoted: boolean;
}

// --- Types -----------------------------------------------------------------------------------------------------------

export type PrimitiveTypeName =
  | 'BOOLEAN'
  | 'INTEGER'
  | 'BIGINT'
  | 'DOUBLE'
  | 'STRING'
  | 'BYTES'
  | 'TIME'
  | 'DATE'
  | 'TIMESTAMP';

/** Aliases are resolved: INT is INTEGER, VARCHAR and VARCHAR(n) are STRING. */
export interface PrimitiveType extends NodeBase {
  readonly kind: 'PrimitiveType';
  readonly name: PrimitiveTypeName;
}
/** DECIMAL, DEC and NUMERIC; parameters as written, not checked against limits. */
export interface DecimalType extends NodeBase {
  readonly kind: 'DecimalType';
  readonly precision: number;
  readonly scale: number;
}
export interface ArrayType extends NodeBase {
  readonly kind: 'ArrayType';
  readonly element: TypeNode;
}
export interface MapType extends NodeBase {
  readonly kind: 'MapType';
  readonly key: TypeNode;
  readonly value: TypeNode;
}
export interface StructField extends NodeBase {
  readonly kind: 'StructField';
  readonly name: Identifier;
  readonly type: TypeNode;
}
export interface StructType extends NodeBase {
  readonly kind: 'StructType';
  readonly fields: readonly StructField[];
}
/** A name made by CREATE TYPE (or an unknown one: only the catalog knows). */
export interface CustomType extends NodeBase {
  readonly kind: 'CustomType';
  readonly name: Identifier;
}
export type TypeNode = PrimitiveType | DecimalType | ArrayType | MapType | StructType | CustomType;

// --- Expressions -----------------------------------------------------------------------------------------------------

export interface StringLiteral extends NodeBase {
  readonly kind: 'StringLiteral';
  readonly value: string;
}
/** Fits 32 bits. */
export interface IntegerLiteral extends NodeBase {
  readonly kind: 'IntegerLiteral';
  readonly value: number;
}
/** Beyond 32 bits, within 64. */
export interface BigintLiteral extends NodeBase {
  readonly kind: 'BigintLiteral';
  readonly value: bigint;
}
/** `1.50`: exact; `text` is plain notation as written, with the sign if negative. */
export interface DecimalLiteral extends NodeBase {
  readonly kind: 'DecimalLiteral';
  readonly text: string;
}
/** `1.5E2`. */
export interface DoubleLiteral extends NodeBase {
  readonly kind: 'DoubleLiteral';
  readonly value: number;
  /** As written, exponent letter in upper case. */
  readonly text: string;
}
export interface BooleanLiteral extends NodeBase {
  readonly kind: 'BooleanLiteral';
  readonly value: boolean;
}
export interface NullLiteral extends NodeBase {
  readonly kind: 'NullLiteral';
}
/** `DATE '2020-01-31'`, `TIME '10:00'`, `TIMESTAMP '2020-01-31T10:00:00.000'`; the text is not checked here. */
export interface TemporalLiteral extends NodeBase {
  readonly kind: 'TemporalLiteral';
  readonly type: 'DATE' | 'TIME' | 'TIMESTAMP';
  readonly text: string;
}
export type Literal =
  | StringLiteral
  | IntegerLiteral
  | BigintLiteral
  | DecimalLiteral
  | DoubleLiteral
  | BooleanLiteral
  | NullLiteral
  | TemporalLiteral;

/** `name` or `source.name`; inside a lambda it may also mean one of the lambda's parameters. */
export interface ColumnRef extends NodeBase {
  readonly kind: 'ColumnRef';
  readonly source?: Identifier | undefined;
  readonly name: Identifier;
}
/** `base->field`. */
export interface StructAccess extends NodeBase {
  readonly kind: 'StructAccess';
  readonly base: Expression;
  readonly field: Identifier;
}
/** `base[index]`, on arrays and maps. */
export interface Subscript extends NodeBase {
  readonly kind: 'Subscript';
  readonly base: Expression;
  readonly index: Expression;
}
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export interface Arithmetic extends NodeBase {
  readonly kind: 'Arithmetic';
  readonly operator: ArithmeticOperator;
  readonly left: Expression;
  readonly right: Expression;
}
/** A sign; a sign right before a number is part of the literal instead. */
export interface Unary extends NodeBase {
  readonly kind: 'Unary';
  readonly operator: '+' | '-';
  readonly operand: Expression;
}
/** `left || right`. */
export interface Concat extends NodeBase {
  readonly kind: 'Concat';
  readonly left: Expression;
  readonly right: Expression;
}
/** `<>` is read as `!=`. */
export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'IS DISTINCT FROM' | 'IS NOT DISTINCT FROM';
export interface Comparison extends NodeBase {
  readonly kind: 'Comparison';
  readonly operator: ComparisonOperator;
  readonly left: Expression;
  readonly right: Expression;
}
export interface Logical extends NodeBase {
  readonly kind: 'Logical';
  readonly operator: 'AND' | 'OR';
  readonly left: Expression;
  readonly right: Expression;
}
export interface Not extends NodeBase {
  readonly kind: 'Not';
  readonly operand: Expression;
}
export interface IsNull extends NodeBase {
  readonly kind: 'IsNull';
  readonly operand: Expression;
  readonly negated: boolean;
}
export interface Between extends NodeBase {
  readonly kind: 'Between';
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly negated: boolean;
}
export interface In extends NodeBase {
  readonly kind: 'In';
  readonly operand: Expression;
  readonly list: readonly Expression[];
  readonly negated: boolean;
}
export interface Like extends NodeBase {
  readonly kind: 'Like';
  readonly operand: Expression;
  readonly pattern: Expression;
  /** The text after ESCAPE; one character in valid SQL, not checked here. */
  readonly escape?: string | undefined;
  readonly negated: boolean;
}
export interface WhenClause extends NodeBase {
  readonly kind: 'WhenClause';
  /** A condition in a searched CASE, a value in a simple one. */
  readonly operand: Expression;
  readonly result: Expression;
}
export interface SearchedCase extends NodeBase {
  readonly kind: 'SearchedCase';
  readonly whens: readonly WhenClause[];
  readonly otherwise?: Expression | undefined;
}
export interface SimpleCase extends NodeBase {
  readonly kind: 'SimpleCase';
  readonly operand: Expression;
  readonly whens: readonly WhenClause[];
  readonly otherwise?: Expression | undefined;
}
export interface Cast extends NodeBase {
  readonly kind: 'Cast';
  readonly operand: Expression;
  readonly type: TypeNode;
}
export interface FunctionCall extends NodeBase {
  readonly kind: 'FunctionCall';
  readonly name: Identifier;
  readonly args: readonly Expression[];
  /** `COUNT(*)`: then `args` is empty. */
  readonly star: boolean;
}
/** A bare unit as a function's argument: `DATEADD(DAYS, 1, d)`. If a column has that name, `name` finds it. */
export interface IntervalUnit extends NodeBase {
  readonly kind: 'IntervalUnit';
  readonly unit: TimeUnit;
  readonly name: Identifier;
}
export interface Lambda extends NodeBase {
  readonly kind: 'Lambda';
  readonly params: readonly Identifier[];
  readonly body: Expression;
}
export interface ArrayConstructor extends NodeBase {
  readonly kind: 'ArrayConstructor';
  readonly elements: readonly Expression[];
}
export interface MapEntry extends NodeBase {
  readonly kind: 'MapEntry';
  readonly key: Expression;
  readonly value: Expression;
}
export interface MapConstructor extends NodeBase {
  readonly kind: 'MapConstructor';
  readonly entries: readonly MapEntry[];
}
export interface StructEntry extends NodeBase {
  readonly kind: 'StructEntry';
  readonly name: Identifier;
  readonly value: Expression;
}
export interface StructConstructor extends NodeBase {
  readonly kind: 'StructConstructor';
  readonly entries: readonly StructEntry[];
}
export interface AtTimeZone extends NodeBase {
  readonly kind: 'AtTimeZone';
  readonly operand: Expression;
  readonly zone: Expression;
}
export type Expression =
  | Literal
  | ColumnRef
  | StructAccess
  | Subscript
  | Arithmetic
  | Unary
  | Concat
  | Comparison
  | Logical
  | Not
  | IsNull
  | Between
  | In
  | Like
  | SearchedCase
  | SimpleCase
  | Cast
  | FunctionCall
  | IntervalUnit
  | Lambda
  | ArrayConstructor
  | MapConstructor
  | StructConstructor
  | AtTimeZone;

// --- Queries ---------------------------------------------------------------------------------------------------------

export type TimeUnit = 'MILLISECONDS' | 'SECONDS' | 'MINUTES' | 'HOURS' | 'DAYS' | 'WEEKS' | 'MONTHS' | 'YEARS';
/** `5 MINUTES`; singular units are read as plural. */
export interface Duration extends NodeBase {
  readonly kind: 'Duration';
  readonly value: number;
  readonly unit: TimeUnit;
}

/** `expr [AS alias]`. */
export interface SelectExpression extends NodeBase {
  readonly kind: 'SelectExpression';
  readonly expression: Expression;
  readonly alias?: Identifier | undefined;
}
/** `*`, or `source.*`. */
export interface SelectStar extends NodeBase {
  readonly kind: 'SelectStar';
  readonly source?: Identifier | undefined;
}
/** `expr->*`: each field of a struct. */
export interface SelectStructStar extends NodeBase {
  readonly kind: 'SelectStructStar';
  readonly base: Expression;
}
export type SelectItem = SelectExpression | SelectStar | SelectStructStar;

export interface SourceRef extends NodeBase {
  readonly kind: 'SourceRef';
  readonly name: Identifier;
  readonly alias?: Identifier | undefined;
}
/** `WITHIN 5 SECONDS` has `before` equal to `after`. */
export interface Within extends NodeBase {
  readonly kind: 'Within';
  readonly before: Duration;
  readonly after: Duration;
  readonly grace?: Duration | undefined;
}
export type JoinType = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL';
/** Joins lean to the left: `a JOIN b JOIN c` is `(a JOIN b) JOIN c`. */
export interface Join extends NodeBase {
  readonly kind: 'Join';
  readonly joinType: JoinType;
  readonly left: Relation;
  readonly right: SourceRef;
  readonly within?: Within | undefined;
  readonly on: Expression;
}
export type Relation = SourceRef | Join;

export interface TumblingWindow extends NodeBase {
  readonly kind: 'TumblingWindow';
  readonly size: Duration;
  readonly retention?: Duration | undefined;
  readonly grace?: Duration | undefined;
}
export interface HoppingWindow extends NodeBase {
  readonly kind: 'HoppingWindow';
  readonly size: Duration;
  readonly advance: Duration;
  readonly retention?: Duration | undefined;
  readonly grace?: Duration | undefined;
}
export interface SessionWindow extends NodeBase {
  readonly kind: 'SessionWindow';
  readonly gap: Duration;
  readonly retention?: Duration | undefined;
  readonly grace?: Duration | undefined;
}
export type WindowClause = TumblingWindow | HoppingWindow | SessionWindow;

export interface OrderItem extends NodeBase {
  readonly kind: 'OrderItem';
  readonly expression: Expression;
  readonly descending: boolean;
}

/** A SELECT; without `emit` it is a pull query where it stands alone. */
export interface Query extends NodeBase {
  readonly kind: 'Query';
  readonly select: readonly SelectItem[];
  readonly from: Relation;
  readonly window?: WindowClause | undefined;
  readonly where?: Expression | undefined;
  readonly groupBy?: readonly Expression[] | undefined;
  readonly partitionBy?: readonly Expression[] | undefined;
  readonly having?: Expression | undefined;
  readonly orderBy?: readonly OrderItem[] | undefined;
  readonly emit?: 'CHANGES' | 'FINAL' | undefined;
  /** Negative where it was written so; executing it is an error. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

// --- Statements ------------------------------------------------------------------------------------------------------

export type SourceKind = 'STREAM' | 'TABLE';

/** An entry of WITH (…). */
export interface Property extends NodeBase {
  readonly kind: 'Property';
  /** Upper-cased unless written in quotes of any sort. */
  readonly name: string;
  readonly quoted: boolean;
  readonly value: Literal;
}

export type ColumnRole = 'NONE' | 'KEY' | 'PRIMARY_KEY' | 'HEADERS' | 'HEADER';
export interface ColumnDef extends NodeBase {
  readonly kind: 'ColumnDef';
  readonly name: Identifier;
  readonly type: TypeNode;
  readonly role: ColumnRole;
  /** The k of HEADER('k'). */
  readonly headerKey?: string | undefined;
}

/** CREATE [OR REPLACE] [SOURCE] STREAM|TABLE [IF NOT EXISTS] name [(columns)] [WITH (…)]. */
export interface CreateSource extends NodeBase {
  readonly kind: 'CreateSource';
  readonly sourceKind: SourceKind;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly isSource: boolean;
  readonly name: Identifier;
  /** Empty where the list is left out (the schema is then inferred). */
  readonly columns: readonly ColumnDef[];
  readonly properties: readonly Property[];
}
/** CREATE … AS SELECT …. */
export interface CreateAs extends NodeBase {
  readonly kind: 'CreateAs';
  readonly sourceKind: SourceKind;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly name: Identifier;
  readonly properties: readonly Property[];
  readonly query: Query;
}
export interface InsertInto extends NodeBase {
  readonly kind: 'InsertInto';
  readonly target: Identifier;
  readonly properties: readonly Property[];
  readonly query: Query;
}
export interface InsertValues extends NodeBase {
  readonly kind: 'InsertValues';
  readonly target: Identifier;
  /** Empty where the list is left out. */
  readonly columns: readonly Identifier[];
  readonly values: readonly Expression[];
}
export interface AlterSource extends NodeBase {
  readonly kind: 'AlterSource';
  readonly sourceKind: SourceKind;
  readonly name: Identifier;
  /** Columns to add. */
  readonly columns: readonly StructField[];
}
export interface DropSource extends NodeBase {
  readonly kind: 'DropSource';
  readonly sourceKind: SourceKind;
  readonly ifExists: boolean;
  readonly name: Identifier;
  readonly deleteTopic: boolean;
}
export interface CreateType extends NodeBase {
  readonly kind: 'CreateType';
  readonly ifNotExists: boolean;
  readonly name: Identifier;
  readonly type: TypeNode;
}
export interface DropType extends NodeBase {
  readonly kind: 'DropType';
  readonly ifExists: boolean;
  readonly name: Identifier;
}
export type ConnectorKind = 'SOURCE' | 'SINK';
export interface CreateConnector extends NodeBase {
  readonly kind: 'CreateConnector';
  readonly connectorKind: ConnectorKind;
  readonly ifNotExists: boolean;
  readonly name: Identifier;
  readonly properties: readonly Property[];
}
export interface DropConnector extends NodeBase {
  readonly kind: 'DropConnector';
  readonly ifExists: boolean;
  readonly name: Identifier;
}
/** TERMINATE, PAUSE, RESUME; `queryId` is undefined for ALL. */
export interface ControlQuery extends NodeBase {
  readonly kind: 'Terminate' | 'Pause' | 'Resume';
  readonly queryId?: Identifier | undefined;
}
export type ListSubject =
  | 'STREAMS'
  | 'TABLES'
  | 'QUERIES'
  | 'TOPICS'
  | 'PROPERTIES'
  | 'FUNCTIONS'
  | 'CONNECTORS'
  | 'CONNECTOR_PLUGINS'
  | 'TYPES'
  | 'VARIABLES';
/** SHOW and LIST. */
export interface List extends NodeBase {
  readonly kind: 'List';
  readonly subject: ListSubject;
  readonly extended: boolean;
  /** SHOW ALL TOPICS. */
  readonly all: boolean;
  /** SHOW SOURCE|SINK CONNECTORS. */
  readonly connectorKind?: ConnectorKind | undefined;
}
/** DESCRIBE name [EXTENDED]. */
export interface DescribeSource extends NodeBase {
  readonly kind: 'DescribeSource';
  readonly name: Identifier;
  readonly extended: boolean;
}
/** DESCRIBE STREAMS|TABLES [EXTENDED]. */
export interface DescribeSources extends NodeBase {
  readonly kind: 'DescribeSources';
  readonly sourceKind: SourceKind;
  readonly extended: boolean;
}
export interface DescribeFunction extends NodeBase {
  readonly kind: 'DescribeFunction';
  readonly name: Identifier;
}
export interface DescribeConnector extends NodeBase {
  readonly kind: 'DescribeConnector';
  readonly name: Identifier;
}
/** EXPLAIN [ANALYZE] id | statement: exactly one of `queryId` and `statement` is there. */
export interface Explain extends NodeBase {
  readonly kind: 'Explain';
  readonly analyze: boolean;
  readonly queryId?: Identifier | undefined;
  readonly statement?: Statement | undefined;
}
export interface Print extends NodeBase {
  readonly kind: 'Print';
  /** As written: topic names are case-sensitive, so this one is never upper-cased. */
  readonly topic: string;
  readonly quoted: boolean;
  readonly fromBeginning: boolean;
  /** INTERVAL n or SAMPLE n: every n-th record. */
  readonly interval?: number | undefined;
  readonly limit?: number | undefined;
}
export interface SetProperty extends NodeBase {
  readonly kind: 'SetProperty';
  readonly name: string;
  readonly value: string;
}
export interface UnsetProperty extends NodeBase {
  readonly kind: 'UnsetProperty';
  readonly name: string;
}
export interface AlterSystem extends NodeBase {
  readonly kind: 'AlterSystem';
  readonly name: string;
  readonly value: string;
}
export interface Define extends NodeBase {
  readonly kind: 'Define';
  readonly name: Identifier;
  readonly value: string;
}
export interface Undefine extends NodeBase {
  readonly kind: 'Undefine';
  readonly name: Identifier;
}
export interface RunScript extends NodeBase {
  readonly kind: 'RunScript';
  readonly path: string;
}
/** ASSERT [NOT EXISTS] TOPIC name [WITH (…)] [TIMEOUT …]. */
export interface AssertTopic extends NodeBase {
  readonly kind: 'AssertTopic';
  readonly exists: boolean;
  /** As written. */
  readonly topic: string;
  readonly quoted: boolean;
  readonly properties: readonly Property[];
  readonly timeout?: Duration | undefined;
}
/** ASSERT [NOT EXISTS] SCHEMA [SUBJECT s] [ID n] [TIMEOUT …]. */
export interface AssertSchema extends NodeBase {
  readonly kind: 'AssertSchema';
  readonly exists: boolean;
  /** As written. */
  readonly subject?: string | undefined;
  readonly id?: number | undefined;
  readonly timeout?: Duration | undefined;
}
/** ASSERT VALUES name (columns) VALUES (…). */
export interface AssertValues extends NodeBase {
  readonly kind: 'AssertValues';
  readonly source: Identifier;
  readonly columns: readonly Identifier[];
  readonly values: readonly Expression[];
}
/** ASSERT NULL VALUES name (columns) KEY (…): a tombstone. */
export interface AssertNullValues extends NodeBase {
  readonly kind: 'AssertNullValues';
  readonly source: Identifier;
  readonly columns: readonly Identifier[];
  readonly values: readonly Expression[];
}
/** ASSERT STREAM|TABLE name [(columns)] [WITH (…)]. */
export interface AssertSource extends NodeBase {
  readonly kind: 'AssertStream' | 'AssertTable';
  readonly name: Identifier;
  readonly columns: readonly ColumnDef[];
  readonly properties: readonly Property[];
}

export type Statement =
  | CreateSource
  | CreateAs
  | InsertInto
  | InsertValues
  | Query
  | AlterSource
  | DropSource
  | CreateType
  | DropType
  | CreateConnector
  | DropConnector
  | ControlQuery
  | List
  | DescribeSource
  | DescribeSources
  | DescribeFunction
  | DescribeConnector
  | Explain
  | Print
  | SetProperty
  | UnsetProperty
  | AlterSystem
  | Define
  | Undefine
  | RunScript
  | AssertTopic
  | AssertSchema
  | AssertValues
  | AssertNullValues
  | AssertSource;

export type Node =
  | Statement
  | Expression
  | SelectItem
  | Relation
  | WindowClause
  | TypeNode
  | Identifier
  | StructField
  | WhenClause
  | MapEntry
  | StructEntry
  | Duration
  | Within
  | OrderItem
  | Property
  | ColumnDef;
