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
const SETS = 'INSERT INTO … SELECT puts the rows of another query into a stream that is there.';
const ORDER = 'The order is SELECT, FROM, WINDOW, WHERE, GROUP BY, PARTITION BY, HAVING, ORDER BY, EMIT, LIMIT.';
const CLAUSES: ReadonlySet<string> = new Set(['WINDOW', 'WHERE', 'GROUP', 'PARTITION', 'HAVING', 'ORDER', 'EMIT']);
const WINDOW_FUNCTION =
  'There are no window functions: aggregate with WINDOW and GROUP BY, or LATEST_BY_OFFSET and its like.';
const PATTERN = "Patterns are for LIKE ('%' and '_') or REGEXP_EXTRACT(pattern, text) IS NOT NULL.";

export interface Foreign {
  /** The token that is another dialect's. */
  readonly at: number;
  readonly hint: string;
}

const own = (table: Readonly<Record<string, string>>, word: string): string | undefined =>
  Object.hasOwn(table, word) ? table[word] : undefined;

/**
 * What of another dialect makes a statement fail. `words` are its tokens in upper case; `failed` is where the parser gave
 * up, which is often behind the word itself: that was taken for a name.
 */
export function foreign(words: readonly string[], failed: number): Foreign | undefined {
  const [first = ''] = words;
  const w = (index: number): string => words[index] ?? '';
  const found = (at: number, hint: string | undefined): Foreign | undefined =>
    hint === undefined ? undefined : { at, hint };
  const here = w(failed);
  if (failed === 0) return found(0, own(FIRST_WORDS, first));
  /** The last of the words so far that is one of these. */
  const near = (...names: readonly string[]): number => {
    for (let i = failed; i >= Math.max(0, failed - 2); i--) if (names.includes(w(i))) return i;
    return -1;
  };
  switch (first) {
    case 'CREATE':
    case 'DROP': {
      const thing = w(1) === 'OR' && w(2) === 'REPLACE' ? 3 : 1;
      if (failed === thing) return found(thing, own(THINGS, here));
      if (first === 'DROP') {
        if (here === 'CASCADE' || here === 'RESTRICT')
          return found(failed, 'Leave it out; DELETE TOPIC may stand here.');
        return undefined;
      }
      break;
    }
    case 'SHOW':
    case 'LIST':
      if (['COLUMNS', 'FIELDS', 'CREATE'].includes(here))
        return found(failed, 'DESCRIBE and a name shows its columns.');
      if (['DATABASES', 'SCHEMAS'].includes(here))
        return found(failed, 'SHOW STREAMS and SHOW TABLES list what there is.');
      if (here === 'VIEWS') return found(failed, 'SHOW TABLES lists them.');
      if (['PROCESSLIST', 'JOBS'].includes(here)) return found(failed, 'SHOW QUERIES lists what runs.');
      return undefined;
    case 'ALTER':
      return ['DROP', 'RENAME', 'MODIFY', 'ALTER', 'CHANGE'].includes(here)
        ? found(failed, 'Columns can only be added. CREATE OR REPLACE changes more.')
        : undefined;
    case 'INSERT': {
      if (failed === 1) return found(1, 'Write INSERT INTO.');
      if (here === 'SET') return found(failed, 'Write INSERT INTO name (columns) VALUES (values).');
      if (here === ',' && w(failed - 1) === ')') return found(failed, 'One row a statement: write INSERT INTO again.');
      if (here === 'SELECT' && w(failed - 1) === ')')
        return found(
          failed,
          'INSERT INTO … SELECT names no columns: they are those of the SELECT list, by their names.',
        );
      if (here === 'DEFAULT') return found(failed, 'Leave the column out of the list: it is NULL then.');
      break;
    }
  }
  if (first === 'CREATE' && !words.slice(0, failed).includes('SELECT')) {
    if (here === '(' || w(failed - 1) === '(') {
      const at = here === '(' ? failed : failed - 1;
      if (w(at - 1) === 'KEY' && w(at - 2) === 'PRIMARY')
        return found(
          at - 2,
          'PRIMARY KEY stands behind the column itself: id INT PRIMARY KEY. A key of several columns has it behind each.',
        );
      if (w(at - 1) === 'KEY' && w(at - 2) === 'FOREIGN') return found(at - 2, COLUMN_WORDS.REFERENCES);
    }
    if (w(failed - 1) === 'CONSTRAINT' || w(failed - 2) === 'CONSTRAINT') return found(near('CONSTRAINT'), CONSTRAINT);
    const decimal = w(failed - 2) === '(' ? failed - 3 : near('DECIMAL', 'NUMERIC', 'DEC');
    if (['DECIMAL', 'NUMERIC', 'DEC'].includes(w(decimal)) && (here === ')' || here === ',')) {
      return found(decimal, 'Write DECIMAL(precision, scale), for example DECIMAL(10, 2).');
    }
    return found(failed, own(COLUMN_WORDS, here));
  }
  return ofSelect(w, failed, near, found);
}

function ofSelect(
  w: (index: number) => string,
  failed: number,
  near: (...names: readonly string[]) => number,
  found: (at: number, hint: string | undefined) => Foreign | undefined,
): Foreign | undefined {
  const here = w(failed);
  const before = w(failed - 1);
  const at = (names: readonly string[], hint: string): Foreign | undefined => {
    const index = near(...names);
    return index < 0 ? undefined : found(index, hint);
  };
  if (here === 'SELECT') {
    if (['UNION', 'EXCEPT', 'INTERSECT', 'MINUS', 'ALL'].includes(before)) {
      return at(['UNION', 'EXCEPT', 'INTERSECT', 'MINUS'], SETS);
    }
    if (before === '(') return found(failed, SUBQUERY);
  }
  if (here === '(' && (before === 'FROM' || before === 'JOIN')) return found(failed, SUBQUERY);
  if (here === 'EMIT' && (w(failed - 2) === 'LIMIT' || w(failed - 2) === 'OFFSET')) {
    return found(failed - 2, 'LIMIT stands behind EMIT CHANGES.');
  }
  if (before === 'TOP' || w(failed - 2) === 'TOP')
    return at(['TOP'], 'Write LIMIT at the end: SELECT a FROM s EMIT CHANGES LIMIT 5.');
  if (before === 'FETCH' || w(failed - 2) === 'FETCH') return at(['FETCH'], 'Write LIMIT 5.');
  if (before === 'OVER') return found(failed - 1, WINDOW_FUNCTION);
  if (before === 'DISTINCT' && w(failed - 2) === '(') {
    return found(
      failed - 1,
      w(failed - 3) === 'COUNT' ? 'Write COUNT_DISTINCT(x).' : 'COLLECT_SET gives each value once.',
    );
  }
  if (before === 'FILTER') return found(failed - 1, 'Put it into the argument: SUM(CASE WHEN condition THEN x END).');
  if (here === 'FROM' || here === 'FOR' || before === 'BOTH' || before === 'LEADING' || before === 'TRAILING') {
    const call = ['EXTRACT', 'SUBSTRING', 'TRIM'].find((f) =>
      [2, 3].some((n) => w(failed - n - 1) === f || w(failed - n) === f),
    );
    if (call === 'EXTRACT')
      return at(['FROM'], "Parts of a time are its text: CAST(FORMAT_TIMESTAMP(ts, 'yyyy') AS INT).");
    if (call === 'SUBSTRING')
      return at(['FROM'], 'Arguments have commas between them: SUBSTRING(text, position, length).');
    if (call === 'TRIM')
      return at(['BOTH', 'LEADING', 'TRAILING', 'FROM'], 'TRIM(text) takes white space off both ends.');
  }
  if (w(failed - 3) === '(' && w(failed - 1) === 'IN' && w(failed - 4) === 'POSITION') {
    return found(failed - 4, 'Write INSTR(text, part).');
  }
  if (before === 'INTERVAL') return found(failed - 1, 'Write TIMESTAMPADD(DAYS, 1, ts) and its like.');
  if (before === 'ILIKE') return found(failed - 1, "Write LCASE(text) LIKE '…'.");
  if (['RLIKE', 'REGEXP', 'SIMILAR', 'GLOB'].includes(before)) return found(failed - 1, PATTERN);
  if (before === 'CROSS' || w(failed - 3) === 'CROSS') return at(['CROSS'], JOINING) ?? found(failed - 3, JOINING);
  if (w(failed - 3) === 'NATURAL') return found(failed - 3, JOINING);
  if (before === 'USING') return found(failed - 1, 'Write ON a.x = b.x.');
  if (here === ',' && (w(failed - 2) === 'FROM' || w(failed - 3) === 'FROM')) return found(failed, JOINING);
  if (['UNION', 'EXCEPT', 'INTERSECT', 'MINUS'].includes(before)) return found(failed - 1, SETS);
  if (own(SHORT_UNITS, here) !== undefined && /^\d+$/.test(before)) return found(failed, `Write ${SHORT_UNITS[here]}.`);
  if (before === 'ON' && w(failed - 2) === 'DISTINCT')
    return found(failed - 1, 'GROUP BY with LATEST_BY_OFFSET gives one row a group.');
  if (here === 'ON' && before === 'DISTINCT')
    return found(failed, 'GROUP BY with LATEST_BY_OFFSET gives one row a group.');
  if (here === 'QUALIFY' || before === 'QUALIFY') return at(['QUALIFY'], WINDOW_FUNCTION);
  if (CLAUSES.has(here)) return found(failed, ORDER);
  return undefined;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: what people type
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
