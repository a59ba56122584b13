/** What `/ksql` answers, as text for people. Unknown kinds are shown as JSON, so that nothing is hidden. */
type Json = Record<string, unknown>;

/** Writes a table: names of columns, rows of texts. */
export type TableText = (names: readonly string[], rows: readonly (readonly string[])[]) => string;

const text = (v: unknown): string =>
  v === null || v === undefined ? '' : typeof v === 'object' ? JSON.stringify(v) : String(v);

interface Field {
  readonly name: string;
  readonly type?: string;
  readonly headerKey?: string;
  readonly schema: TypeInfo;
}
interface TypeInfo {
  readonly type: string;
  readonly fields: readonly Field[] | null;
  readonly memberSchema: TypeInfo | null;
  readonly parameters?: { readonly precision: number; readonly scale: number };
}

/** `ARRAY<BIGINT>`, `VARCHAR(STRING)`: ksqlDB's shell shows STRING so. */
function typeText(t: TypeInfo): string {
  switch (t.type) {
    case 'ARRAY':
      return `ARRAY<${typeText(t.memberSchema!)}>`;
    case 'MAP':
      return `MAP<STRING, ${typeText(t.memberSchema!)}>`;
    case 'STRUCT':
      return `STRUCT<${t.fields!.map((f) => `${f.name} ${typeText(f.schema)}`).join(', ')}>`;
    case 'DECIMAL':
      return t.parameters === undefined ? 'DECIMAL' : `DECIMAL(${t.parameters.precision}, ${t.parameters.scale})`;
    case 'STRING':
      return 'VARCHAR(STRING)';
    default:
      return t.type;
  }
}

const columns = (
  names: readonly string[],
  items: readonly Json[],
  members: readonly string[],
  table: TableText,
): string =>
  table(
    names,
    items.map((o) => members.map((m) => text(o[m]))),
  );

function fieldTable(d: Json, table: TableText): string {
  const constraint = (f: Field) =>
    f.type === 'KEY'
      ? ` (${d.type === 'TABLE' ? 'primary key' : 'key'})`
      : f.type === 'HEADER'
        ? ` (headers${f.headerKey === undefined ? '' : `('${f.headerKey}')`})`
        : '';
  const fields = (d.fields as Field[]).map((f) => [f.name, typeText(f.schema) + constraint(f)]);
  return table(['Field', 'Type'], fields);
}

/** A statement behind its name: of several lines it stands under it. */
const ownLines = (sql: string): string => (sql.includes('\n') ? `\n    ${sql.replaceAll('\n', '\n    ')}` : ` ${sql}`);

/** What windows a table has, and how long their rows are kept. */
function windowLine(w: Json): string {
  const ms = (name: string) => duration(w[name] as number);
  const size = w.kind === 'SESSION' ? `gap ${ms('sizeMs')}` : `size ${ms('sizeMs')}`;
  const advance = w.advanceMs === undefined ? '' : `, advance ${ms('advanceMs')}`;
  return `Window               : ${text(w.kind)}, ${size}${advance}, grace ${ms('graceMs')}, rows are kept for ${ms('retentionMs')} of event time`;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** 90 minutes, 1 day, 1500 ms: in the largest unit of which it is a whole number. */
function duration(ms: number): string {
  const unit = UNITS.find(([, size]) => ms > 0 && ms % size === 0);
  if (unit === undefined) return `${ms} ms`;
  const n = ms / unit[1];
  return `${n} ${unit[0]}${n === 1 ? '' : 's'}`;
}

function description(d: Json, table: TableText): string {
  const lines = [`Name                 : ${text(d.name)}`];
  if (d.extended === true) {
    lines.push(
      `Type                 : ${text(d.type)}`,
      `Timestamp field      : ${text(d.timestamp) || 'Not set - using <ROWTIME>'}`,
      `Key format           : ${text(d.keyFormat)}`,
      `Value format         : ${text(d.valueFormat)}`,
      `Kafka topic          : ${text(d.topic)} (partitions: ${text(d.partitions)}, replication: ${text(d.replication)})`,
      `Statement            :${ownLines(text(d.statement))}`,
    );
  }
  if (d.window !== undefined) lines.push(windowLine(d.window as Json));
  lines.push(fieldTable(d, table));
  for (const [title, member] of [
    ['Queries that read from this', 'readQueries'],
    ['Queries that write into this', 'writeQueries'],
  ] as const) {
    const queries = (d[member] as Json[] | undefined) ?? [];
    if (queries.length > 0)
      lines.push(
        `\n${title}:`,
        ...queries.flatMap((q) => [
          `  ${text(q.id)} (${text(q.state)}):${ownLines(text(q.queryString))}`,
          ...(d.extended === true && q.statistics !== undefined ? [`    ${counts(q.statistics as Json)}`] : []),
          ...(q.error === undefined ? [] : [`    failed: ${text(q.error)}`]),
        ]),
      );
  }
  if (d.extended === true) {
    lines.push('', 'Runtime statistics:', text(d.statistics) || '  none', text(d.errorStats));
    const stats = [d.clusterStatistics, d.clusterErrorStats].flatMap((s) => (s as Json[] | undefined) ?? []);
    if (stats.length > 0) {
      lines.push(
        table(
          ['Host', 'Metric', 'Value'],
          stats.map((s) => [text(s.host), text(s.name), text(s.value)]),
        ),
      );
    }
  } else lines.push('\nFor runtime statistics and query details run: DESCRIBE <name> EXTENDED;');
  return lines.join('\n').trimEnd();
}

/** Queries that have failed, and with what. */
const failures = (queries: readonly Json[]): string =>
  queries.flatMap((q) => (q.error === undefined ? [] : [`\n${text(q.id)} failed: ${text(q.error)}`])).join('');

/** `recordsIn: 9` as `records in 9`; what is 0 is left out, but for what came in and went out. */
const counts = (statistics: Json): string =>
  Object.entries(statistics)
    .filter(([name, n]) => n !== 0 || name === 'recordsIn' || name === 'recordsOut')
    .map(([name, n]) => `${name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`)} ${text(n)}`)
    .join(', ');

const indentless = (value: unknown): string => text(value).replaceAll(/^ +/gm, '');

function queryDescription(q: Json): string {
  // A query that is only explained has no id, no state and no sink.
  const lines = [
    ['ID', text(q.id)],
    ['Query Type', text(q.queryType)],
    ['State', text(q.state)],
    ['SQL', text(q.statementText)],
    ['Sources', (q.sources as string[]).join(', ')],
    ['Sinks', (q.sinks as string[]).join(', ')],
    ['Statistics', counts((q.statistics as Json | undefined) ?? {})],
  ].flatMap(([name, value]) =>
    value === '' ? [] : [`${name!.padEnd(20)} : ${value!.replaceAll('\n', `\n${' '.repeat(23)}`)}`],
  );
  const errors = q.queryErrors as Json[];
  if (errors.length > 0) lines.push('Errors:', ...errors.map((e) => `  ${text(e.errorMessage)}`));
  const analysis = text(q.analysis);
  return [
    ...lines,
    ...(analysis === '' ? [] : ['', 'Analysis', '--------', analysis]),
    '',
    'Execution plan',
    '--------------',
    text(q.executionPlan),
    // The plan of a statement ends with it.
    ...(indentless(q.executionPlan).includes(indentless(q.topology))
      ? []
      : ['', 'Topology', '--------', text(q.topology)]),
  ]
    .join('\n')
    .trimEnd();
}

/** The latest errors, one a row: when, where, and what was wrong. */
function processingErrors(e: Json, table: TableText): string {
  const entries = e.errors as Json[];
  if (entries.length === 0) return 'No record has failed on this node since it was started.';
  const rows = entries.map((entry) => {
    const message = entry.message as Json;
    const kinds = [
      'deserializationError',
      'recordProcessingError',
      'productionError',
      'serializationError',
      'kafkaStreamsThreadError',
    ];
    const error = kinds.map((kind) => message[kind]).find((e) => e != null) as Json;
    const cause = ((error.cause as string[] | undefined) ?? []).join(': ');
    const topic = text(error.topic);
    const offset = error.offset === undefined ? '' : `${text(error.partition)}@${text(error.offset)}`;
    return [
      new Date(entry.time as number).toISOString(),
      text(entry.logger).replace(/^processing\./, ''),
      [topic, offset].filter((t) => t !== '').join('-'),
      `${error.target == null ? '' : `${text(error.target)}: `}${cause === '' ? text(error.errorMessage) : cause}`,
    ];
  });
  const shown = table(['Time', 'Query and node', 'Record', 'Error'], rows);
  const left = (e.kept as number) - entries.length;
  return left > 0 ? `${shown}\n${left} older ones are kept by the server.` : shown;
}

const NOTICES = ['currentStatus', 'warning_entity', 'terminate_query', 'assert_topic', 'assert_schema'];

/** Says that something was done, and has nothing to read from. */
export const isNotice = (e: Json): boolean => NOTICES.includes(String(e['@type']));

/** The one table that an answer is about, without what stands around it; undefined: it has none, or several. */
export function tableOf(e: Json, table: TableText): string | undefined {
  if (e['@type'] === 'sourceDescription') return fieldTable(e.sourceDescription as Json, table);
  const tables: string[] = [];
  renderEntity(e, (names, rows) => {
    tables.push(table(names, rows));
    return '';
  });
  return tables.length === 1 ? tables[0] : undefined;
}

/** The text of an entity. */
type Render = (e: Json, table: TableText) => string;

const list = (e: Json, member: string): Json[] => e[member] as Json[];

const sources: Render = (e, table) => {
  const isTable = e['@type'] === 'tables';
  return columns(
    [isTable ? 'Table Name' : 'Stream Name', 'Kafka Topic', 'Key Format', 'Value Format', 'Windowed'],
    list(e, isTable ? 'tables' : 'streams'),
    ['name', 'topic', 'keyFormat', 'valueFormat', 'isWindowed'],
    table,
  );
};

const topics: Render = (e, table) =>
  table(
    ['Kafka Topic', 'Partitions', 'Partition Replicas'],
    list(e, 'topics').map((t) => {
      const replicas = t.replicaInfo as number[];
      return [text(t.name), String(replicas.length), String(replicas[0] ?? 0)];
    }),
  );

/** By the entity's `@type`. */
const RENDERS: Readonly<Record<string, Render>> = {
  currentStatus: (e) => `\n Message\n${'-'.repeat(40)}\n ${text((e.commandStatus as Json).message)}\n${'-'.repeat(40)}`,
  streams: sources,
  tables: sources,
  queries: (e, table) =>
    columns(
      ['Query ID', 'Query Type', 'Status', 'Sink Name', 'Sink Kafka Topic', 'Lag', 'Late', 'Query String'],
      list(e, 'queries').map((q) => ({
        ...q,
        status: Object.entries((q.statusCount as Json | undefined) ?? {})
          .map(([k, v]) => `${k}:${text(v)}`)
          .join(', '),
        sinks: (q.sinks as string[]).join(', '),
        sinkKafkaTopics: (q.sinkKafkaTopics as string[]).join(', '),
        lag: (q.statistics as Json | undefined)?.lag,
        late: (q.statistics as Json | undefined)?.late,
      })),
      ['id', 'queryType', 'status', 'sinks', 'sinkKafkaTopics', 'lag', 'late', 'queryString'],
      table,
    ) + failures(list(e, 'queries')),
  kafka_topics: topics,
  kafka_topics_extended: topics,
  properties: (e, table) =>
    columns(['Property', 'Scope', 'Level', 'Value'], list(e, 'properties'), ['name', 'scope', 'level', 'value'], table),
  function_names: (e, table) =>
    columns(['Function Name', 'Category', 'Type'], list(e, 'functions'), ['name', 'category', 'type'], table),
  describe_function: (e) =>
    [
      `Name        : ${text(e.name)}`,
      `Overview    : ${text(e.description)}`,
      `Type        : ${text(e.type)}`,
      'Variations  :',
      ...list(e, 'functions').map((f) => {
        const args = (f.arguments as Json[]).map((a) => `${text(a.name)} ${text(a.type)}`).join(', ');
        return `\n\tVariation   : ${text(e.name)}(${args})\n\tReturns     : ${text(f.returnType)}\n\tDescription : ${text(f.description)}`;
      }),
    ].join('\n'),
  type_list: (e, table) =>
    table(
      ['Type Name', 'Schema'],
      Object.entries(e.types as Record<string, TypeInfo>).map(([n, t]) => [n, typeText(t)]),
    ),
  variables: (e, table) => columns(['Variable Name', 'Value'], list(e, 'variables'), ['name', 'value'], table),
  sourceDescription: (e, table) => description(e.sourceDescription as Json, table),
  source_descriptions: (e, table) =>
    list(e, 'sourceDescriptions')
      .map((d) => description(d, table))
      .join('\n\n'),
  queryDescription: (e) => queryDescription(e.queryDescription as Json),
  query_descriptions: (e) => list(e, 'queryDescriptions').map(queryDescription).join('\n\n'),
  processing_errors: processingErrors,
  warning_entity: (e) => `WARNING: ${text(e.message)}`,
  terminate_query: (e) => `Query ${text(e.queryId)} terminated.`,
  assert_topic: (e) => `Topic ${text(e.topicName)} ${e.exists === true ? 'exists.' : 'does not exist.'}`,
  assert_schema: (e) => {
    const which = [
      ...(e.subject == null ? [] : [`subject ${text(e.subject)}`]),
      ...(e.id == null ? [] : [`id ${text(e.id)}`]),
    ].join(' and ');
    return `Schema with ${which} ${e.exists === true ? 'exists.' : 'does not exist.'}`;
  },
  connector_list: (e, table) =>
    columns(
      ['Connector Name', 'Type', 'Class', 'Status'],
      list(e, 'connectors'),
      ['name', 'type', 'className', 'state'],
      table,
    ),
  connector_info: (e) => `Created connector ${text((e.info as Json).name)}`,
  drop_connector: (e) => `Dropped connector ${text(e.connectorName)}`,
  connector_plugins_list: (e, table) =>
    columns(
      ['Class', 'Type', 'Version', 'What it does'],
      list(e, 'connectorsPlugins'),
      ['className', 'type', 'version', 'description'],
      table,
    ),
  connector_description: connectorDescription,
  explain: (e) => text(e.text),
};

function connectorDescription(e: Json, table: TableText): string {
  const status = e.status as Json & { readonly connector: Json };
  const { connector } = status;
  const pairs = (of: unknown): string[] =>
    Object.entries((of ?? {}) as Json).map(([name, value]) => `  ${name.padEnd(32)} ${text(value)}`);
  const tasks = list(status, 'tasks');
  const trace = [connector, ...tasks].map((t) => text(t.trace)).filter((t) => t !== '');
  return [
    `Name        : ${text(status.name)}`,
    `Class       : ${text(e.connectorClass)}`,
    `Type        : ${text(status.type)}`,
    `State       : ${text(connector.state)}`,
    `Worker      : ${text(connector.worker_id)}`,
    ...(e.guarantee == null ? [] : [`Guarantee   : ${text(e.guarantee)}`]),
    `Topics      : ${(e.topics as string[]).join(', ') || 'none'}`,
    ...(tasks.length === 0
      ? []
      : ['', columns(['Task', 'State', 'Reads', 'Lag'], tasks, ['id', 'state', 'reads', 'lag'], table)]),
    ...(trace.length === 0 ? [] : ['', 'Errors:', ...new Set(trace.map((t) => `  ${t}`))]),
    ...(e.config == null ? [] : ['', 'Options:', ...pairs(e.config)]),
    ...(e.statistics == null ? [] : ['', 'Since it was started here:', ...pairs(e.statistics)]),
  ].join('\n');
}

export function renderEntity(e: Json, table: TableText): string {
  const type = String(e['@type']);
  const body = Object.hasOwn(RENDERS, type) ? RENDERS[type]!(e, table) : JSON.stringify(e, null, 2);
  const warnings = ((e.warnings as Json[] | undefined) ?? []).map((w) => `WARNING: ${text(w.message)}`);
  return [body, ...warnings].join('\n');
}
