/** What people type who know another SQL, and what is written here instead. Asked only where a statement is no good. */

/** Words that begin statements of other dialects. */
const FIRST_WORDS: Readonly<Record<string, string>> = {
  UPDATE: 'Rows are not changed in place: INSERT INTO … VALUES a row of the same key, which replaces it in a table.',
  DELETE: 'A row of a table is deleted by a record with its key and no value (a tombstone) on its topic.',
  TRUNCATE: 'DROP it with DELETE TOPIC, and CREATE it anew.',
  MERGE: 'INSERT INTO a table replaces the row of the same key.',
  UPSERT: 'INSERT INTO a table replaces the row of the same key.',
  REPLACE: 'INSERT INTO a table replaces the row of the same key.',
  WITH: 'There is no WITH in front of SELECT: make the inner query a stream or table with CREATE … AS SELECT.',
  DESC: 'Write DESCRIBE.',
  USE: 'There are no databases to choose from: every stream and table has a name of its own.',
  BEGIN: 'There are no transactions of several statements: each is carried out by itself.',
  START: 'There are no transactions of several statements. A query that is paused goes on with RESUME.',
  COMMIT: 'There are no transactions of several statements: each is carried out by itself.',
  ROLLBACK: 'There are no transactions of several statements: each is carried out by itself.',
  GRANT: "Rights are given in the server's settings, not in SQL.",
  REVOKE: "Rights are given in the server's settings, not in SQL.",
  COPY: 'weir load FILE writes the rows of a file to a topic.',
  LOAD: 'weir load FILE writes the rows of a file to a topic.',
  KILL: 'Write TERMINATE and the id of the query; SHOW QUERIES lists them.',
  STOP: 'PAUSE stops a query for a while, TERMINATE for good.',
  CALL: 'There are no procedures.',
  EXEC: 'There are no procedures.',
  EXECUTE: 'There are no procedures.',
  ANALYZE: 'Write EXPLAIN ANALYZE.',
};

const VIEW = 'CREATE TABLE … AS SELECT keeps its result up to date as a materialized view does.';
/** Words behind CREATE and DROP. */
const THINGS: Readonly<Record<string, string>> = {
  VIEW,
  MATERIALIZED: VIEW,
  INDEX: 'There are no indexes: a table is found by its key. GROUP BY or a copy with another key gives another way in.',
  UNIQUE: 'There are no indexes: a table is found by its key, and has one row for each.',
  DATABASE: 'There are no databases: every stream and table has a name of its own.',
  SCHEMA: 'There are no schemas to put tables into: every stream and table has a name of its own.',
  FUNCTION: 'Functions are built in: SHOW FUNCTIONS lists them.',
  PROCEDURE: 'There are no procedures.',
  TRIGGER: 'There are no triggers: a query that is made with CREATE … AS SELECT runs whenever a row comes.',
  SEQUENCE: 'There are no sequences: UUID() gives a new id.',
  TEMPORARY: 'There are no temporary tables: SELECT … EMIT CHANGES leaves nothing behind.',
  TEMP: 'There are no temporary tables: SELECT … EMIT CHANGES leaves nothing behind.',
  EXTERNAL: 'CREATE STREAM or CREATE TABLE with KAFKA_TOPIC reads a topic that is there.',
  USER: "Users are declared in the server's settings, not in SQL.",
  ROLE: "Users are declared in the server's settings, not in SQL.",
};

const CONSTRAINT = 'Columns have no constraints but KEY and PRIMARY KEY.';
const GENERATED = 'Ids are not counted up: write the key with each row. UUID() gives a new one.';
/** Words behind a column's type. */
const COLUMN_WORDS: Readonly<Record<string, string>> = {
  AUTO_INCREMENT: GENERATED,
  AUTOINCREMENT: GENERATED,
  IDENTITY: GENERATED,
  GENERATED,
  NOT: `${CONSTRAINT} Any column but a primary key may be NULL.`,
  NULL: `${CONSTRAINT} Any column but a primary key may be NULL.`,
  DEFAULT: `${CONSTRAINT} What is not given is NULL; IFNULL gives something else where it is read.`,
  UNIQUE: CONSTRAINT,
  REFERENCES: `${CONSTRAINT} Tables are joined by the columns that the query names.`,
  CHECK: `${CONSTRAINT} WHERE leaves out what is not wanted.`,
  COMMENT: 'Comments stand behind -- or between /* and */.',
  COLLATE: 'Text is compared by its characters alone.',
  PRECISION: 'Write DOUBLE.',
  UNSIGNED: 'Numbers have a sign: BIGINT holds any INT UNSIGNED.',
  WITH: 'TIMESTAMP is a point in time and has no zone of its own.',
  WITHOUT: 'TIMESTAMP is a point in time and has no zone of its own.',
  '[': 'Arrays are written ARRAY<type>.',
};

/** What stands where a type is expected. */
const TYPES: Readonly<Record<string, string>> = {
  TEXT: 'STRING',
  CHAR: 'STRING',
  CHARACTER: 'STRING',
  NCHAR: 'STRING',
  NVARCHAR: 'STRING',
  VARCHAR2: 'STRING',
  CLOB: 'STRING',
  LONGTEXT: 'STRING',
  MEDIUMTEXT: 'STRING',
  TINYTEXT: 'STRING',
  ENUM: 'STRING',
  UUID: 'STRING',
  JSON: 'STRING, with EXTRACTJSONFIELD, or STRUCT',
  JSONB: 'STRING, with EXTRACTJSONFIELD, or STRUCT',
  VARIANT: 'STRING, with EXTRACTJSONFIELD, or STRUCT',
  OBJECT: 'STRUCT<name type, …>',
  ROW: 'STRUCT<name type, …>',
  RECORD: 'STRUCT<name type, …>',
  LIST: 'ARRAY<type>',
  FLOAT: 'DOUBLE',
  FLOAT4: 'DOUBLE',
  FLOAT8: 'DOUBLE',
  FLOAT64: 'DOUBLE',
  REAL: 'DOUBLE',
  NUMBER: 'BIGINT, DOUBLE or DECIMAL(precision, scale)',
  MONEY: 'DECIMAL(19, 4)',
  LONG: 'BIGINT',
  INT2: 'INT',
  INT4: 'INT',
  INT8: 'BIGINT',
  INT64: 'BIGINT',
  SHORT: 'INT',
  BYTE: 'INT',
  SMALLINT: 'INT',
  TINYINT: 'INT',
  MEDIUMINT: 'INT',
  SERIAL: 'INT',
  BIGSERIAL: 'BIGINT',
  BOOL: 'BOOLEAN',
  BIT: 'BOOLEAN',
  DATETIME: 'TIMESTAMP',
  DATETIME2: 'TIMESTAMP',
  SMALLDATETIME: 'TIMESTAMP',
  TIMESTAMPTZ: 'TIMESTAMP',
  TIMESTAMP_LTZ: 'TIMESTAMP',
  TIMESTAMP_NTZ: 'TIMESTAMP',
  BLOB: 'BYTES',
  BINARY: 'BYTES',
  VARBINARY: 'BYTES',
  BYTEA: 'BYTES',
  RAW: 'BYTES',
};

/** "Write DOUBLE." for a type of another dialect. */
export function otherType(name: string): string | undefined {
  const type = Object.hasOwn(TYPES, name.toUpperCase()) ? TYPES[name.toUpperCase()] : undefined;
  return type === undefined ? undefined : `Write ${type}.`;
}

const SHORT_UNITS: Readonly<Record<string, string>> = {
  MS: 'MILLISECONDS',
  MSEC: 'MILLISECONDS',
  MILLIS: 'MILLISECONDS',
  S: 'SECONDS',
  SEC: 'SECONDS',
  SECS: 'SECONDS',
  M: 'MINUTES',
  MIN: 'MINUTES',
  MINS: 'MINUTES',
  H: 'HOURS',
  HR: 'HOURS',
  HRS: 'HOURS',
  D: 'DAYS',
};

const JOINING = 'Write FROM a JOIN b ON a.x = b.y; streams also say WITHIN how long.';
const SUBQUERY = 'There are no subqueries: make it a stream or table with CREATE … AS SELECT, and read or JOIN that.';
const WINDOW_FUNCTION =
  'There are no window functions: aggregate with WINDOW and GROUP BY, or LATEST_BY_OFFSET and its like.';
const PATTERN = "Patterns are for LIKE ('%' and '_') or REGEXP_EXTRACT(pattern, text) IS NOT NULL.";
const DECIMAL = 'Write DECIMAL(precision, scale), for example DECIMAL(10, 2).';
const ONE_KEY =
  'PRIMARY KEY stands behind the column itself: id INT PRIMARY KEY. A key of several columns has it behind each.';
const ONE_ROW = 'GROUP BY with LATEST_BY_OFFSET gives one row a group.';

/**
 * Words up to the one where the parser gives up. That one is often behind the word at fault, which was taken for a name. `|`
 * is or, `_` any word, and the error is shown at the word in angle brackets.
 */
type Wording = readonly [words: string, hint: string];

/** Of any statement with a SELECT. */
const QUERIES: readonly Wording[] = [
  ['<UNION|EXCEPT|INTERSECT|MINUS> ALL|SELECT', 'INSERT INTO … SELECT puts the rows of another query into a stream.'],
  ['( <SELECT>', SUBQUERY],
  ['FROM|JOIN <(>', SUBQUERY],
  ['<LIMIT|OFFSET> _ EMIT', 'LIMIT stands behind EMIT CHANGES.'],
  ['<TOP> _', 'Write LIMIT at the end: SELECT a FROM s EMIT CHANGES LIMIT 5.'],
  ['<FETCH> FIRST|NEXT', 'Write LIMIT 5.'],
  ['<OVER> (', WINDOW_FUNCTION],
  ['<QUALIFY> _', WINDOW_FUNCTION],
  ['COUNT ( <DISTINCT> _', 'Write COUNT_DISTINCT(x).'],
  ['( <DISTINCT> _', 'COLLECT_SET gives each value once.'],
  ['DISTINCT <ON>', ONE_ROW],
  ['<FILTER> (', 'Put it into the argument: SUM(CASE WHEN condition THEN x END).'],
  ['EXTRACT ( _ <FROM>', "Parts of a time are its text: CAST(FORMAT_TIMESTAMP(ts, 'yyyy') AS INT)."],
  ['SUBSTRING ( _ <FROM|FOR>', 'Arguments have commas between them: SUBSTRING(text, position, length).'],
  ['TRIM ( <BOTH|LEADING|TRAILING> _', 'TRIM(text) takes white space off both ends.'],
  ['TRIM ( _ <FROM>', 'TRIM(text) takes white space off both ends.'],
  ['<POSITION> ( _ IN _', 'Write INSTR(text, part).'],
  ['<INTERVAL> _', 'Write TIMESTAMPADD(DAYS, 1, ts) and its like.'],
  ['<ILIKE> _', "Write LCASE(text) LIKE '…'."],
  ['<RLIKE|REGEXP|SIMILAR|GLOB> _', PATTERN],
  ['<CROSS|NATURAL> JOIN _ _', JOINING],
  ['<USING> (', 'Write ON a.x = b.x.'],
  ['FROM _ <,>', JOINING],
  ['FROM _ _ <,>', JOINING],
  [
    '<WINDOW|WHERE|GROUP|PARTITION|HAVING|ORDER|EMIT>',
    'The order is SELECT, FROM, WINDOW, WHERE, GROUP BY, PARTITION BY, HAVING, ORDER BY, EMIT, LIMIT.',
  ],
];

const INSERTS: readonly Wording[] = [
  ['INSERT <_>', 'Write INSERT INTO.'],
  ['<SET>', 'Write INSERT INTO name (columns) VALUES (values).'],
  [') <,>', 'One row a statement: write INSERT INTO again.'],
  [') <SELECT>', 'INSERT INTO … SELECT names no columns: they are those of the SELECT list, by their names.'],
  ['<DEFAULT>', 'Leave the column out of the list: it is NULL then.'],
];

/** Of the columns of CREATE STREAM and CREATE TABLE. */
const COLUMNS: readonly Wording[] = [
  ['<PRIMARY> KEY (', ONE_KEY],
  ['<PRIMARY> KEY ( _', ONE_KEY],
  ['<FOREIGN> KEY (', COLUMN_WORDS.REFERENCES!],
  ['<FOREIGN> KEY ( _', COLUMN_WORDS.REFERENCES!],
  ['<CONSTRAINT> _', CONSTRAINT],
  ['<CONSTRAINT> _ _', CONSTRAINT],
  ['<DECIMAL|NUMERIC|DEC> )|,', DECIMAL],
  ['<DECIMAL|NUMERIC|DEC> ( _ )', DECIMAL],
];

const LISTS: readonly Wording[] = [
  ['<COLUMNS|FIELDS|CREATE>', 'DESCRIBE and a name shows its columns.'],
  ['<DATABASES|SCHEMAS>', 'SHOW STREAMS and SHOW TABLES list what there is.'],
  ['<VIEWS>', 'SHOW TABLES lists them.'],
  ['<PROCESSLIST|JOBS>', 'SHOW QUERIES lists what runs.'],
];

/** Of statements that begin with these words. */
const STATEMENTS: Readonly<Record<string, readonly Wording[]>> = {
  DROP: [['<CASCADE|RESTRICT>', 'Leave it out; DELETE TOPIC may stand here.']],
  SHOW: LISTS,
  LIST: LISTS,
  ALTER: [['<DROP|RENAME|MODIFY|ALTER|CHANGE>', 'Columns can only be added. CREATE OR REPLACE changes more.']],
};

export interface Foreign {
  /** The token that is another dialect's. */
  readonly at: number;
  readonly hint: string;
}

const own = (table: Readonly<Record<string, string>>, word: string): string | undefined =>
  Object.hasOwn(table, word) ? table[word] : undefined;

function matched(list: readonly Wording[], words: readonly string[], failed: number): Foreign | undefined {
  for (const [text, hint] of list) {
    const wanted = text.split(' ');
    const start = failed - wanted.length + 1;
    const fits = wanted.every((w, i) => {
      const any = w.replace(/^<(.*)>$/, '$1');
      const word = words[start + i];
      return word !== undefined && (any === '_' || any.split('|').includes(word));
    });
    if (fits) return { at: start + wanted.findIndex((w) => /^<.+>$/.test(w)), hint };
  }
  return undefined;
}

/** What of another dialect makes a statement fail at a token. `words` are its tokens in upper case. */
export function foreign(words: readonly string[], failed: number): Foreign | undefined {
  const [first = ''] = words;
  const here = words[failed] ?? '';
  const inTable = (table: Readonly<Record<string, string>>): Foreign | undefined => {
    const hint = own(table, here);
    return hint === undefined ? undefined : { at: failed, hint };
  };
  if (failed === 0) return inTable(FIRST_WORDS);
  const before = words.slice(0, failed);
  if ((first === 'CREATE' || first === 'DROP') && /^(CREATE|DROP|CREATE OR REPLACE)$/.test(before.join(' '))) {
    return inTable(THINGS);
  }
  if (first === 'CREATE' && !before.includes('SELECT')) {
    return matched(COLUMNS, words, failed) ?? inTable(COLUMN_WORDS);
  }
  const unit = own(SHORT_UNITS, here);
  if (unit !== undefined && /^\d+$/.test(words[failed - 1]!)) return { at: failed, hint: `Write ${unit}.` };
  const statement = Object.hasOwn(STATEMENTS, first) ? STATEMENTS[first] : undefined;
  if (statement !== undefined) return matched(statement, words, failed);
  const insert = first === 'INSERT' ? matched(INSERTS, words, failed) : undefined;
  return insert ?? matched(QUERIES, words, failed);
}

const VARIABLE = '${name}';

/** Signs of other dialects that begin no token here. */
const SIGNS: Readonly<Record<string, string>> = {
  ':': `Types are changed by CAST(x AS type); variables are written ${VARIABLE}.`,
  '&': 'Write AND.',
  '|': 'Write OR; || puts texts together.',
  '!': 'Write NOT to negate, != to compare.',
  '^': 'Write POWER(a, b).',
  '~': PATTERN,
  '@': `Variables are written ${VARIABLE}.`,
  '?': `Values stand in the statement itself; variables are written ${VARIABLE}.`,
  '#': 'Comments stand behind -- or between /* and */.',
  '\\': 'Commands with \\ are those of the shell: each stands on a line of its own.',
  '’': "Text goes in straight single quotes: 'text'.",
  '‘': "Text goes in straight single quotes: 'text'.",
  '“': "Text goes in straight single quotes: 'text'.",
  '”': "Text goes in straight single quotes: 'text'.",
};

export const otherSign = (character: string): string | undefined => own(SIGNS, character);
