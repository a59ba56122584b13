import { canAssign, canImplicitlyCast } from '../engine/values/cast-rules.js';
import { decimal, type SqlType, type TypeKind } from '../engine/values/sql-type.js';

/** What CAST does between two kinds of types. */
interface CastHelp {
  readonly does: string;
  /** Each is run as a test: an expression, and one that gives the same. */
  readonly examples: readonly (readonly [sql: string, result: string])[];
  /** When there is no result; left out: there always is one. */
  readonly fails?: string;
  /** Run as tests: expressions that fail. */
  readonly failing?: readonly string[];
}

type Casts = { readonly [From in TypeKind]: { readonly [To in TypeKind]?: CastHelp } };

const wraps = 'The lowest 32 bits: a number beyond the range comes round, as in Java.';
const same = (what: string, example: readonly [string, string]): CastHelp => ({ does: what, examples: [example] });
const inner = (what: string, example: readonly [string, string]): CastHelp => ({
  does: what,
  fails: 'One of them cannot be cast: then there is no result at all.',
  examples: [example],
});

/** Said for each pair that `CAST` takes, and for no other: test/cli/casts-page.test.ts. */
export const CASTS: Casts = {
  BOOLEAN: { STRING: same('`true` or `false`.', ['CAST(true AS STRING)', "'true'"]) },
  INTEGER: {
    BIGINT: same('The same number.', ['CAST(5 AS BIGINT)', '5']),
    DECIMAL: {
      does: 'The same number, with the scale of the type.',
      examples: [['CAST(5 AS DECIMAL(4,2))', '5.00']],
      fails: 'It has more digits than the type.',
      failing: ['CAST(500 AS DECIMAL(4,2))'],
    },
    DOUBLE: same('The same number.', ['CAST(5 AS DOUBLE)', '5E0']),
    STRING: same('Its digits.', ['CAST(-5 AS STRING)', "'-5'"]),
  },
  BIGINT: {
    INTEGER: { does: wraps, examples: [['CAST(2147483648 AS INT)', '-2147483648']] },
    DECIMAL: {
      does: 'The same number, with the scale of the type.',
      examples: [['CAST(3000000000 AS DECIMAL(12,1))', '3000000000.0']],
      fails: 'It has more digits than the type.',
      failing: ['CAST(3000000000 AS DECIMAL(10,1))'],
    },
    DOUBLE: same('The nearest double: beyond 2^53 not always the same number.', [
      'CAST(9007199254740993 AS DOUBLE)',
      '9.007199254740992E15',
    ]),
    STRING: same('Its digits.', ['CAST(3000000000 AS STRING)', "'3000000000'"]),
  },
  DECIMAL: {
    INTEGER: { does: `Without its fraction, towards zero. ${wraps}`, examples: [['CAST(-1.9 AS INT)', '-1']] },
    BIGINT: { does: 'Without its fraction, towards zero.', examples: [['CAST(1.9 AS BIGINT)', '1']] },
    DECIMAL: {
      does: 'Rounded half up to the scale of the type.',
      examples: [['CAST(1.25 AS DECIMAL(3,1))', '1.3']],
      fails: 'The rounded number has more digits than the type.',
      failing: ['CAST(99.99 AS DECIMAL(3,1))'],
    },
    DOUBLE: same('The nearest double.', ['CAST(1.25 AS DOUBLE)', '1.25E0']),
    STRING: same('All its digits, those of the scale too.', ['CAST(1.50 AS STRING)', "'1.50'"]),
  },
  DOUBLE: {
    INTEGER: {
      does: 'Without its fraction, towards zero. Beyond the range it is the nearest bound, and NaN is 0.',
      examples: [
        ['CAST(-1.9E0 AS INT)', '-1'],
        ['CAST(1E10 AS INT)', '2147483647'],
      ],
    },
    BIGINT: {
      does: 'Without its fraction, towards zero. Beyond the range it is the nearest bound, and NaN is 0.',
      examples: [['CAST(1E30 AS BIGINT)', '9223372036854775807']],
    },
    DECIMAL: {
      does: 'The number that it is printed as, rounded half up to the scale of the type.',
      examples: [['CAST(1.005E0 AS DECIMAL(5,2))', '1.01']],
      fails: 'The number has more digits than the type, is NaN or is infinite.',
      failing: ["CAST(CAST('NaN' AS DOUBLE) AS DECIMAL(5,2))"],
    },
    STRING: same(
      'As Java prints it: the fewest digits that tell it from its neighbours, with an exponent from 10^7 on.',
      ['CAST(12345678E0 AS STRING)', "'1.2345678E7'"],
    ),
  },
  STRING: {
    BOOLEAN: {
      does: 'True for any beginning of `true` and `yes`, in any case, with blanks around it. All other texts are false.',
      examples: [
        ["CAST(' Y ' AS BOOLEAN)", 'true'],
        ["CAST('1' AS BOOLEAN)", 'false'],
      ],
    },
    INTEGER: {
      does: 'A whole number with a sign or without, blanks around it.',
      examples: [["CAST(' +7 ' AS INT)", '7']],
      fails: 'It is no whole number, or one beyond the range.',
      failing: ["CAST('7.0' AS INT)", "CAST('2147483648' AS INT)"],
    },
    BIGINT: {
      does: 'A whole number with a sign or without, blanks around it.',
      examples: [["CAST('3000000000' AS BIGINT)", '3000000000']],
      fails: 'It is no whole number, or one beyond the range.',
      failing: ["CAST('1e3' AS BIGINT)"],
    },
    DECIMAL: {
      does: 'A number, with an exponent or without, blanks around it. It is rounded half up to the scale of the type.',
      examples: [["CAST('1.255' AS DECIMAL(4,2))", '1.26']],
      fails: 'It is no number, or has more digits than the type.',
      failing: ["CAST('1,5' AS DECIMAL(4,2))"],
    },
    DOUBLE: {
      does: "What Java's `Double.parseDouble` reads: with an exponent or without, `NaN`, `Infinity`, blanks around it.",
      examples: [["CAST('-1.5e3' AS DOUBLE)", '-1.5E3']],
      fails: 'It is no number.',
      failing: ["CAST('1.5.1' AS DOUBLE)"],
    },
    BYTES: {
      does: 'The bytes that the text is the base64 of.',
      examples: [["CAST('d2Vpcg==' AS BYTES)", "TO_BYTES('weir', 'utf8')"]],
      fails: 'It is no base64.',
      failing: ["CAST('?' AS BYTES)"],
    },
    DATE: {
      does: 'ISO 8601, or the beginning of it.',
      examples: [["CAST('2026-05-01' AS DATE)", "PARSE_DATE('2026-05-01', 'yyyy-MM-dd')"]],
      fails: 'It is no date, or one that there is not.',
      failing: ["CAST('2026-02-30' AS DATE)"],
    },
    TIME: {
      does: 'ISO 8601, seconds or not.',
      examples: [["CAST('08:30' AS TIME)", "PARSE_TIME('08:30:00', 'HH:mm:ss')"]],
      fails: 'It is no time of a day.',
      failing: ["CAST('25:00' AS TIME)"],
    },
    TIMESTAMP: {
      does: 'ISO 8601, or the beginning of it. Without an offset it is UTC.',
      examples: [["CAST('2026-05-01T08:30:00+02:00' AS TIMESTAMP)", "CAST('2026-05-01T06:30' AS TIMESTAMP)"]],
      fails: 'It is no such text, or a date or time that there is not.',
      failing: ["CAST('yesterday' AS TIMESTAMP)"],
    },
  },
  BYTES: {},
  DATE: {
    TIMESTAMP: same('Midnight UTC of that day.', [
      "CAST(CAST('2026-05-01' AS DATE) AS TIMESTAMP)",
      "CAST('2026-05-01T00:00' AS TIMESTAMP)",
    ]),
    STRING: same('ISO 8601.', ["CAST(CAST('2026-05-01' AS DATE) AS STRING)", "'2026-05-01'"]),
  },
  TIME: { STRING: same('ISO 8601.', ["CAST(CAST('08:30' AS TIME) AS STRING)", "'08:30'"]) },
  TIMESTAMP: {
    DATE: same('Its day in UTC.', [
      "CAST(CAST('2026-05-01T23:59' AS TIMESTAMP) AS DATE)",
      "CAST('2026-05-01' AS DATE)",
    ]),
    TIME: same('Its time of day in UTC.', [
      "CAST(CAST('2026-05-01T23:59' AS TIMESTAMP) AS TIME)",
      "CAST('23:59' AS TIME)",
    ]),
    STRING: same('ISO 8601 in UTC, with milliseconds.', [
      "CAST(CAST('2026-05-01T08:30' AS TIMESTAMP) AS STRING)",
      "'2026-05-01T08:30:00.000'",
    ]),
  },
  ARRAY: {
    ARRAY: inner('Each element is cast.', ["CAST(ARRAY['1', '2'] AS ARRAY<INT>)", 'ARRAY[1, 2]']),
    STRING: same('As Java prints a list.', ['CAST(ARRAY[1, 2] AS STRING)', "'[1, 2]'"]),
  },
  MAP: {
    MAP: inner('Each key and each value is cast.', ["CAST(MAP('a' := '1') AS MAP<STRING, INT>)", "MAP('a' := 1)"]),
    STRING: same('As Java prints a map.', ["CAST(MAP('a' := 1) AS STRING)", "'{a=1}'"]),
  },
  STRUCT: {
    STRUCT: inner(
      'Each field is cast. Fields go by name; one that is missing is NULL, and one that is not wanted is left out.',
      ["CAST(STRUCT(a := '1', b := 2) AS STRUCT<a INT>)", 'STRUCT(a := 1)'],
    ),
    STRING: same('As ksqlDB prints a struct.', ['CAST(STRUCT(a := 1) AS STRING)', "'Struct{A=1}'"]),
  },
};

/** A type of each kind that holds no others. */
const PLAIN: readonly (readonly [string, SqlType])[] = [
  ['BOOLEAN', { kind: 'BOOLEAN' }],
  ['INTEGER', { kind: 'INTEGER' }],
  ['BIGINT', { kind: 'BIGINT' }],
  ['DECIMAL', decimal(38, 10)],
  ['DOUBLE', { kind: 'DOUBLE' }],
  ['STRING', { kind: 'STRING' }],
  ['BYTES', { kind: 'BYTES' }],
  ['DATE', { kind: 'DATE' }],
  ['TIME', { kind: 'TIME' }],
  ['TIMESTAMP', { kind: 'TIMESTAMP' }],
];

/** A table of which types may stand where one is wanted. */
function takes(allowed: (from: SqlType, to: SqlType) => boolean): readonly string[] {
  return PLAIN.map(([name, to]) => {
    const others = PLAIN.filter(([from, type]) => from !== name && allowed(type, to)).map(([from]) => from);
    return `| ${name} | ${others.join(', ') || '–'} |`;
  });
}

const code = (sql: string): string => `\`${sql.replaceAll('|', '\\|')}\``;

/** docs/casts.md. */
export function castsPage(note: string): string {
  const lines = [
    '# Casts and coercion',
    '',
    note,
    '',
    '## CAST',
    '',
    '`CAST(value AS type)` takes the pairs of types in this table, and refuses all others when the statement is analysed. NULL stays NULL.',
    'Every example is run as a test.',
    '',
    '| from | to | what it gives | fails when | examples |',
    '|---|---|---|---|---|',
  ];
  for (const [from, targets] of Object.entries(CASTS)) {
    for (const [to, help] of Object.entries(targets)) {
      const examples = help.examples.map(([sql, result]) => `${code(sql)} is ${code(result)}`);
      const failing = (help.failing ?? []).map((sql) => `${code(sql)} fails`);
      lines.push(
        `| ${from} | ${to} | ${help.does} | ${help.fails ?? '–'} | ${[...examples, ...failing].join('<br>')} |`,
      );
    }
  }
  lines.push(
    '',
    "BYTES are cast to nothing: `FROM_BYTES(bytes, 'utf8')` makes text of them. To DATE, TIME and TIMESTAMP from numbers there are",
    '`FROM_DAYS` and `FROM_UNIXTIME`.',
    '',
    '## What becomes of a cast that fails',
    '',
    '| where | what happens |',
    '|---|---|',
    '| a column of a running query | the column is NULL, and the failure is an entry of the processing log (`SHOW ERRORS`) |',
    '| an argument of a function | the argument is NULL, with an entry |',
    '| WHERE, HAVING | the row does not pass, with an entry |',
    '| INSERT … VALUES | the statement is refused, and nothing is written |',
    '| a key or a window of GROUP BY, PARTITION BY | as a column: the key is NULL, with an entry. GROUP BY leaves rows with such a key out |',
    '',
    '## Without CAST: expressions',
    '',
    'Where two types come together in an operator, a comparison, CASE, IN, an array or a map, numbers go to the wider type. In the arguments of functions and in',
    'comparisons these types may stand where another is wanted:',
    '',
    '| wanted | takes as well |',
    '|---|---|',
    ...takes(canImplicitlyCast),
    '',
    'A DECIMAL goes to another DECIMAL by itself only where that has room for all its digits. Text literals are read as the type of the other side',
    "(`at > '2026-05-01'`, `n IN (1, '2')`); a literal that is no such value is refused when the statement is analysed.",
    '',
    '## Without CAST: what a column takes',
    '',
    'One table holds for `INSERT … VALUES`, for `INSERT INTO … SELECT`, and for rows of clients (`/inserts-stream`, the socket), where the kind of the JSON',
    'value counts. It holds within arrays, maps and structs, too.',
    '',
    '| column | takes as well |',
    '|---|---|',
    ...takes(canAssign),
    '',
    '- A number for a DECIMAL is rounded half up to its scale. What has too many digits is an error.',
    '- Text for BYTES is base64. Text for DATE, TIME and TIMESTAMP is ISO 8601.',
    '- Numbers and booleans are never read from text here, and no number is narrowed: a BIGINT does not go into an INTEGER. Write a CAST where you mean it.',
    '- But a client may send a DECIMAL as text, and for a DOUBLE `"NaN"`, `"Infinity"` and `"-Infinity"`: JSON has no such numbers.',
    '- A field that a STRUCT lacks is NULL. A NULL that is written out takes the type of its column in `INSERT … VALUES`. In a query a NULL in',
    '  `STRUCT(…)` is a STRING, unless a CAST says otherwise.',
    '',
    '| way | what fails | what happens |',
    '|---|---|---|',
    "| `INSERT … VALUES` | a value of a wrong type or without room | the statement is refused with the column's name; nothing is written |",
    '| `INSERT INTO … SELECT` | a column of a wrong type | the statement is refused; there is no query |',
    '| `INSERT INTO … SELECT` | a DECIMAL without room, at run time | the column is NULL, with an entry of the processing log |',
    '| `/inserts-stream` | a row | the row\'s answer is `"status":"error"` with the column\'s name; rows before it are written, those behind it are not read |',
    '',
    '## Where ksqlDB is documented one way and runs another',
    '',
    'Weir does what the running ksqlDB does:',
    '',
    '| cast | documented | runs |',
    '|---|---|---|',
    '| STRING to BOOLEAN | true for `true` in any case, false for all others | true for any beginning of `true` and `yes`, too |',
    '| STRING to DATE, TIME | `yyyy-MM-dd` and `HH:mm:ss` alone | any ISO 8601 text of that kind: `08:30`, `2026-05` |',
    '| DECIMAL, DOUBLE to INTEGER, BIGINT | "can result in rounding" | the fraction is cut off |',
    '',
    'Functions for which this is so say it in [functions.md](functions.md): LOG, URL_ENCODE_PARAM, PARSE_DATE, CONVERT_TZ and others.',
  );
  return `${lines.join('\n')}\n`;
}
