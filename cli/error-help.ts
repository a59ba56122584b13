import { NAMED_FORMATS } from '../engine/formats/index.js';
import type { ErrorCode } from '../engine/index.js';

/** What docs/errors.md says of an error code. */
export interface ErrorHelp {
  readonly cause: string;
  /** A statement that gives it, run by a test; or what is seen where no statement alone does. */
  readonly example: { readonly sql: string } | { readonly seen: string };
  readonly remedy: string;
}

/** Formats that need a schema registry. */
const REGISTRY = NAMED_FORMATS.filter((f) => f.schemas !== undefined).map((f) => f.name);

export const ERROR_HELP: Readonly<Record<ErrorCode, ErrorHelp>> = {
  SYNTAX_ERROR: {
    cause: 'The text is no statement: a word is misspelt, missing or in the wrong place, or a quote is not closed.',
    example: { sql: 'SELECT id FORM orders EMIT CHANGES;' },
    remedy:
      'Look at the place under the caret. The message says what may stand there, and the hint what is written here where another SQL has another word.',
  },
  NESTING_TOO_DEEP: {
    cause: 'Parentheses, functions or types are nested deeper than the parser follows.',
    example: { seen: 'an expression in several hundred parentheses, mostly written by a program' },
    remedy: 'Compute a part of it in a stream or table of its own, and go on from that.',
  },
  SOURCE_TOO_LONG: {
    cause: 'The text, or one statement of it, is longer than the parser takes at once.',
    example: { seen: '`WHERE id IN (…)` with tens of thousands of values' },
    remedy: 'Split the script. What a statement lists can be rows of a table that it joins.',
  },
  TOO_MANY_STATEMENTS: {
    cause: 'A script has more statements than are taken at once.',
    example: { seen: 'a file of generated `INSERT INTO … VALUES` statements' },
    remedy: 'Split the script. `weir load` and `/inserts-stream` write many rows.',
  },
  NUMBER_OUT_OF_RANGE: {
    cause: 'A number in the text is larger than any type holds.',
    example: { sql: 'SELECT 99999999999999999999 FROM orders EMIT CHANGES;' },
    remedy: 'Write it with a decimal point (DECIMAL) or an exponent (DOUBLE), or as text.',
  },
  WRONG_KEY_KIND: {
    cause: 'A table has a PRIMARY KEY, a stream has a KEY: the statement has the one of the other.',
    example: { sql: "CREATE TABLE t (id INT KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON');" },
    remedy: 'Write `PRIMARY KEY` in a table and `KEY` in a stream.',
  },
  BAD_STATEMENT: {
    cause:
      'The statement can be read and makes no sense: a name does not exist, types do not fit, a clause does not go with another.',
    example: { sql: 'SELECT amuont FROM orders EMIT CHANGES;' },
    remedy:
      'The message names what is wrong and the caret stands under it; the hint has near names. `DESCRIBE name` shows columns, `DESCRIBE FUNCTION name` what a function takes.',
  },
  NO_SNAPSHOT: {
    cause: '`weir.push.snapshot` was asked of a query whose rows are not the rows of one table.',
    example: { seen: '`SELECT * FROM orders EMIT CHANGES` on a stream with `weir.push.snapshot=true`' },
    remedy: 'Make the result a table with `CREATE TABLE … AS SELECT`, and select from that; or leave the setting out.',
  },
  NOT_SUPPORTED: {
    cause: 'The statement is valid SQL that this version of Weir cannot run.',
    example: { sql: "SELECT ordered AT TIME ZONE 'UTC' FROM orders EMIT CHANGES;" },
    remedy: 'The hint says what to write instead, where there is something.',
  },
  BAD_REQUEST: {
    cause:
      'A request, a setting or a token is not what it should be: no JSON, a property that does not exist, a value that does not fit.',
    example: { seen: '`POST /ksql` with a body that is no JSON object' },
    remedy: 'The message names the part. docs/api.md has the requests, docs/settings.md the settings.',
  },
  UNAUTHORIZED: {
    cause: 'The server asks for a user, and the request names none, or a wrong password.',
    example: { seen: 'any request without the header `Authorization`, where `weir.auth.users` is set' },
    remedy: 'Give user and password (`weir shell --user`, the header `Authorization: Basic …`).',
  },
  FORBIDDEN: {
    cause: 'What is asked for is not allowed here: the server is headless, or the topic belongs to the engine.',
    example: { seen: '`CREATE STREAM …` on a server that runs `ksql.queries.file`' },
    remedy: 'Change the deployed files, or use another topic; the hint says which.',
  },
  WRONG_ENDPOINT: {
    cause: 'The statement is sent to an endpoint that does not carry out its kind.',
    example: { seen: '`SELECT …` sent to `/ksql`, or `CREATE …` sent to `/query`' },
    remedy: 'Send queries and PRINT to `/query`, `/query-stream` or a WebSocket, everything else to `/ksql`.',
  },
  TOO_MANY_QUERIES: {
    cause: 'As many queries run that do not end by themselves as this node allows.',
    example: { seen: 'one push query more than `ksql.max.push.queries`' },
    remedy: 'End one, raise the setting, or let clients share one query.',
  },
  KAFKA_DENIED: {
    cause: "Kafka's access rules do not let the server do what the statement needs.",
    example: { seen: '`CREATE STREAM` over a topic that the server may not describe' },
    remedy:
      'Give the user of the server the right that the message names, on the topic, group or transactional id that it names.',
  },
  NOT_FOUND: {
    cause: 'There is no such thing: a path, a topic, a query, the status of a command.',
    example: { seen: '`GET /status/stream/NOWHERE/create`' },
    remedy: 'Look at the name. SHOW TOPICS and SHOW QUERIES list what there is; another node may run the query.',
  },
  ASSERT_FAILED: {
    cause: 'What ASSERT TOPIC or ASSERT SCHEMA asks for is not so within its TIMEOUT.',
    example: { seen: '`ASSERT TOPIC orders WITH (PARTITIONS=3);` where it has one' },
    remedy: 'Make it so, or give it longer (`TIMEOUT 10 SECONDS`).',
  },
  LIMIT_EXCEEDED: {
    cause: 'The query, the request or the connection needs more than a bound allows: memory, size, number.',
    example: { seen: 'a pull query that joins or sorts more than `weir.query.pull.max.bytes`' },
    remedy:
      'Ask for less (WHERE, LIMIT, fewer columns), let a persistent query keep the result, or raise the setting that is named.',
  },
  NO_SCHEMA_REGISTRY: {
    cause: `The format keeps its schemas in a registry (${REGISTRY.join(', ')} do), and none is set.`,
    example: { seen: "`CREATE STREAM … WITH (VALUE_FORMAT='AVRO')` on Kafka without `ksql.schema.registry.url`" },
    remedy: 'Set `ksql.schema.registry.url`, or take a format that needs none, as JSON.',
  },
  REGISTRY_ERROR: {
    cause: 'The schema registry cannot be reached, refuses the user, or refuses a schema.',
    example: { seen: 'a new schema that is not compatible with the one that the subject has' },
    remedy:
      'The message has what the registry said. Check its address and user; make the schema compatible, or use another topic.',
  },
  CONNECT_ERROR: {
    cause: 'Kafka Connect cannot be reached, or fails at what it was asked for.',
    example: { seen: 'SHOW CONNECTORS while no worker runs' },
    remedy: 'The message has what Kafka Connect said. Check ksql.connect.url, and that a worker runs there.',
  },
  LOG_ERROR: {
    cause:
      'Kafka, or the embedded log, did not do what was asked: it is away, a topic is gone or has changed, offsets are no longer there.',
    example: { seen: 'a query whose source topic was deleted' },
    remedy:
      'The message names topic and partition. Queries go on by themselves when Kafka is back; after an offset out of range a query begins where the topic begins now.',
  },
  STATE_ERROR: {
    cause:
      'The state on disk cannot be used: another process has it, it is of another version or service, or it is damaged.',
    example: { seen: 'a second server on the data directory of the first' },
    remedy: 'The hint says what can be done. State that is lost is built anew from changelog topics.',
  },
  DISK_FULL: {
    cause: 'There is no room on the disk for state or for the embedded log.',
    example: { seen: '`/healthcheck` names the disk, SHOW QUERIES says DISK_FULL' },
    remedy: 'Make room. Nothing is lost: queries look every five seconds, and go on.',
  },
  DECODE_ERROR: {
    cause: 'Bytes cannot be read as the format and the columns say, in a place where that cannot be skipped.',
    example: { seen: 'a repartition or changelog topic that something else has written to' },
    remedy:
      "Records of one's own topics that cannot be read are skipped, counted, and listed by SHOW ERRORS. In topics of Weir's own it is damage: drop and create the query again.",
  },
  ENCODE_ERROR: {
    cause: 'A row cannot be written in the format or schema of the topic.',
    example: { seen: 'a NULL for a field that the registered schema does not allow to be null' },
    remedy: 'The message names the field. Give it a value (IFNULL), or register a schema that takes the row.',
  },
  INTERNAL: {
    cause: 'A fault of Weir itself, which no statement should bring about.',
    example: { seen: 'a message that says nothing about what you did' },
    remedy: "Report it, with the statement and the server's log of that moment.",
  },
  COMMAND_LOG_DAMAGED: {
    cause:
      'The topic of all statements cannot be followed: an entry cannot be read, or the topic was truncated or made anew.',
    example: { seen: '`/healthcheck` says that `commandRunner` is unhealthy; statements are refused, queries go on' },
    remedy: 'Restore the topic from a backup and restart, or begin anew with another `ksql.service.id`.',
  },
  COMMAND_TIMEOUT: {
    cause: 'The statement was written to the command topic, and this node has not read it back in time.',
    example: { seen: 'a Kafka that is slow, or a node that is busy restoring' },
    remedy: 'Look at `/status`: it may still be applied. SHOW STREAMS and SHOW TABLES tell whether it was.',
  },
  NOT_READY: {
    cause: 'The server, or the partition that the query reads, is starting or moving to another node.',
    example: { seen: 'a pull query a moment after a node was stopped' },
    remedy:
      'Try again in a moment. `num.standby.replicas` and `ksql.query.pull.enable.standby.reads` let copies answer meanwhile.',
  },
  SHUTTING_DOWN: {
    cause: 'The server is being stopped.',
    example: { seen: 'a push query that ends because the server is restarted' },
    remedy: 'Ask another node, or try again when it is back; a continuation token goes on without a gap.',
  },
};
