import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMON_OPTIONS, SINK_OPTIONS, SOURCE_OPTIONS } from '../engine/connectors/common-options.js';
import { CONNECTORS } from '../engine/connectors/registry.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../engine/functions/index.js';
import { CLIENT_SETTINGS, ERROR_CODES, REQUEST, SETTINGS, type Setting, type SettingGroup } from '../engine/index.js';
import { SERVER_SETTINGS } from '../server/server-settings.js';
import { readArgs } from './args.js';
import { castsPage } from './casts-page.js';
import { ERROR_HELP, type ErrorHelp } from './error-help.js';
import { CONFIG_FILE } from './migrations/project.js';
import { MIGRATIONS } from './migrations/settings.js';

const DOCS_HELP = `usage: weir docs [--folder DIR] [--check]

Writes the reference pages (functions, settings, errors, casts) from the declarations they describe, into docs.
With --check nothing is written: fails where a page is not what it would be.`;

const NOTE = '<!-- Written by `weir docs` from the declarations in the code: change those, not this page. -->';

/** The pages by file name. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['functions.md', functionsPage()],
    ['settings.md', settingsPage()],
    ['errors.md', errorsPage()],
    ['casts.md', castsPage(NOTE)],
    ['connectors/options.md', connectorsPage()],
  ]);
}

function connectorsPage(): string {
  const lines = [
    '# Options of connectors',
    '',
    NOTE,
    '',
    'What each kind is for, and what it promises, is on a page of its own; [connectors](../connectors.md) says what is the same for all.',
  ];
  for (const spec of CONNECTORS) {
    const aliases = (spec.aliases ?? []).map((a) => `\`${a}\``);
    lines.push(
      '',
      `## ${spec.name}`,
      '',
      `${spec.description} A ${spec.kind.toLowerCase()} connector, ${spec.guarantee}; see [${spec.name}](${spec.name}.md).`,
      ...(aliases.length === 0 ? [] : ['', `Also known as ${aliases.join(', ')}.`]),
      '',
      ...settingsTable(Object.values(spec.options as SettingGroup)),
    );
  }
  const groups = { 'All connectors': COMMON_OPTIONS, 'All sinks': SINK_OPTIONS, 'All sources': SOURCE_OPTIONS };
  for (const [title, options] of Object.entries(groups)) {
    lines.push('', `## ${title}`, '', ...settingsTable(Object.values(options)));
  }
  return `${lines.join('\n')}\n`;
}

function functionsPage(): string {
  const registry = new FunctionRegistry(BUILT_IN_FUNCTIONS);
  const functions = registry.list();
  const lines = [
    '# Functions',
    '',
    NOTE,
    '',
    'Names are not case-sensitive. `T`, `K`, `V` stand for any one type, `…` for any number of arguments, `init` for a',
    'constant. Every example is run as a test.',
  ];
  for (const category of [...new Set(functions.map((f) => f.category))].sort()) {
    lines.push('', `## ${category[0]}${category.slice(1).toLowerCase()}`);
    for (const { name } of functions.filter((f) => f.category === category)) {
      const f = registry.describe(name);
      lines.push('', `### ${f.name}`, '', f.description, '', '```sql');
      for (const o of f.overloads) lines.push(o.signature);
      lines.push('```');
      const examples = f.examples.filter((e) => e.result !== null);
      if (examples.length > 0) {
        lines.push('', '| example | gives |', '|---|---|');
        for (const e of examples) lines.push(`| ${cell(e.sql)} | ${cell(e.result!)} |`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

const cell = (text: string): string => `\`${text.replaceAll('|', '\\|').replaceAll('\n', ' ')}\``;

function settingsPage(): string {
  const lines = [
    '# Settings',
    '',
    NOTE,
    '',
    '## Of queries',
    '',
    "Set with `SET 'name'='value';` for the statements behind it, with `ALTER SYSTEM` for all, or in the server's",
    'configuration. `ksql.streams.x` and `x` are one setting. Those that are read at the start stand in the configuration alone.',
    '',
    ...settingsTable(SETTINGS),
    '',
    '## Of one request',
    '',
    'Members of `requestProperties`, or of the `properties` of a query.',
    '',
    ...settingsTable(Object.values(REQUEST)),
    '',
    '## Of the server',
    '',
    'Read at the start: from a `.properties` file (`--config-file`), over it the environment (`KSQL_` and the name in upper',
    'case with dots as underscores: `KSQL_KSQL_SERVICE_ID`), over it flags (`--set name=value`).',
    '',
    ...settingsTable(SERVER_SETTINGS),
    '',
    "## Of Kafka's clients",
    '',
    'Read at the start, as they are or behind `ksql.streams.`; behind `consumer.`, `producer.` or `admin.` (and',
    "`main.consumer.`) for clients of that kind alone. Those that Weir's clients do not have are refused, by name.",
    '',
    ...settingsTable(CLIENT_SETTINGS),
    '',
    '## Of `weir migrations`',
    '',
    `Read from the project's \`${CONFIG_FILE}\`.`,
    '',
    ...settingsTable(Object.values(MIGRATIONS)),
  ];
  return `${lines.join('\n')}\n`;
}

function settingsTable(settings: readonly Setting<unknown>[]): readonly string[] {
  const rows = settings
    .filter((s) => s.options.hidden !== true)
    .map((s) => {
      const also = s.options.aliases?.map((name) => ` Also \`${name}\`, which counts more.`).join('') ?? '';
      const fixed = s.options.fixed === true ? ' Read at the start.' : '';
      return `| \`${s.name}\` | ${s.default ? `\`${s.default}\`` : ''} | ${s.description}${also}${fixed} |`;
    });
  return ['| name | default | meaning |', '|---|---|---|', ...rows];
}

function errorsPage(): string {
  const lines = [
    '# Errors',
    '',
    NOTE,
    '',
    "`code` is Weir's own, `error_code` is ksqlDB's; the first three digits of it are the HTTP status.",
    '',
    '| code | error_code | domain |',
    '|---|---|---|',
    ...Object.entries(ERROR_CODES).map(
      ([code, e]) => `| [\`${code}\`](#${code.toLowerCase()}) | ${e.http} | ${e.domain} |`,
    ),
    ...Object.entries(ERROR_HELP).flatMap(([code, help]) => errorSection(code, help)),
  ];
  return `${lines.join('\n')}\n`;
}

function errorSection(code: string, { cause, example, remedy }: ErrorHelp): readonly string[] {
  const shown =
    'sql' in example ? ['For example:', '', '```sql', example.sql, '```'] : [`For example: ${example.seen}.`];
  return ['', `## ${code}`, '', cause, '', ...shown, '', `What to do: ${remedy}`];
}

export async function docs(args: readonly string[]): Promise<number> {
  const { values } = readArgs(args, {
    folder: { type: 'string' },
    check: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    console.log(DOCS_HELP);
    return 0;
  }
  const folder = values.folder ?? 'docs';
  let stale = 0;
  for (const [name, text] of referencePages()) {
    const file = join(folder, name);
    if (values.check !== true) writeFileSync(file, text);
    else if (readFileSync(file, 'utf8') !== text) {
      console.error(`${file} is not what the code says: run weir docs`);
      stale++;
    }
  }
  return stale === 0 ? 0 : 1;
}
