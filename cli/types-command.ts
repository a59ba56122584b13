import { writeFileSync } from 'node:fs';
import { PACKAGE } from '../shell/typed-command.js';
import { ApiClient } from './api-client.js';
import { readArgs } from './args.js';

const HELP = `usage: weir types [options]

Writes TypeScript types of the streams and tables of a server, for the client of the package:
rows of push and pull queries (push<RideStreams>(…)), and rows to insert (insert('RIDE_STREAMS', …)).

  --server URL             a running Weir server (default $WEIR_SERVER, else http://localhost:8088)
  -u, --user, -p, --password   sign in there
  -o, --output FILE        (default: standard output)`;

/** A schema as DESCRIBE tells it. */
interface SchemaInfo {
  readonly type: string;
  readonly fields: readonly FieldInfo[] | null;
  readonly memberSchema: SchemaInfo | null;
}

interface FieldInfo {
  readonly name: string;
  readonly schema: SchemaInfo;
  readonly type?: string;
}

export interface TypedSource {
  readonly name: string;
  /** STREAM or TABLE. */
  readonly type: string;
  readonly topic: string;
  /** Null: its key has no window. */
  readonly windowType: string | null;
  readonly fields: readonly FieldInfo[];
}

/** `weir types`. */
export async function types(args: readonly string[], out: (text: string) => void): Promise<number> {
  const { values } = readArgs(
    args,
    {
      server: { type: 'string' },
      user: { type: 'string', short: 'u' },
      password: { type: 'string', short: 'p' },
      output: { type: 'string', short: 'o' },
      help: { type: 'boolean', short: 'h' },
    },
    false,
  );
  if (values.help) {
    out(HELP);
    return 0;
  }
  const api = new ApiClient(values);
  const entities = await api.post<readonly { readonly sourceDescriptions: readonly TypedSource[] }[]>('/ksql', {
    ksql: 'SHOW STREAMS EXTENDED; SHOW TABLES EXTENDED;',
  });
  const text = typesOf(entities.flatMap((e) => e.sourceDescriptions));
  if (values.output === undefined) out(text.trimEnd());
  else writeFileSync(values.output, text);
  return 0;
}

/** The declarations of these sources, in the order of their names. */
function typesOf(sources: readonly TypedSource[]): string {
  const sorted = [...sources].sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = typeNames(sorted.map((s) => s.name));
  const lines = ['// Written by `weir types`: do not edit, write it again when the catalog has changed.', ''];
  lines.push(`import type {} from '${PACKAGE}/client';`, '');
  sorted.forEach((source, i) => {
    lines.push(`/** ${source.type} ${comment(source.name)}, topic ${comment(source.topic)}. */`);
    lines.push(`export interface ${names[i]} {`);
    for (const f of withWindow(source)) {
      if (f.type === 'KEY') lines.push('  /** Key. */');
      lines.push(`  readonly ${property(f.name)}: ${typeText(f.schema, '  ')} | null;`);
    }
    lines.push('}', '');
  });
  lines.push(`declare module '${PACKAGE}/client' {`, '  interface Sources {');
  sorted.forEach((source, i) => void lines.push(`    readonly ${property(source.name)}: ${names[i]};`));
  lines.push('  }', '}');
  return `${lines.join('\n')}\n`;
}

/** The columns of `SELECT *`: those of the window stand behind the key's, and are in no DESCRIBE. */
function withWindow({ fields, windowType }: TypedSource): readonly FieldInfo[] {
  if (windowType === null) return fields;
  const bound = (name: string): FieldInfo => ({
    name,
    schema: { type: 'BIGINT', fields: null, memberSchema: null },
    type: 'KEY',
  });
  const isKey = (f: FieldInfo) => f.type === 'KEY';
  return [...fields.filter(isKey), bound('WINDOWSTART'), bound('WINDOWEND'), ...fields.filter((f) => !isKey(f))];
}

/** `RIDE_STREAMS` is RideStreams; names that would be the same get a number. */
function typeNames(names: readonly string[]): readonly string[] {
  const used = new Set<string>();
  return names.map((name) => {
    const words = name.split(/[^A-Za-z0-9]+/).filter((w) => w !== '');
    const joined = words.map(
      (w) => w[0]!.toUpperCase() + (w === w.toUpperCase() ? w.slice(1).toLowerCase() : w.slice(1)),
    );
    const base = joined.join('').replace(/^(?=\d|$)/, 'Source');
    let own = base;
    for (let n = 2; used.has(own); n++) own = `${base}${n}`;
    used.add(own);
    return own;
  });
}

const SCALARS: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  INTEGER: 'number',
  BIGINT: 'number | bigint',
  DOUBLE: 'number',
  DECIMAL: 'string',
  STRING: 'string',
  BYTES: 'Uint8Array',
  DATE: 'string',
  TIME: 'string',
  TIMESTAMP: 'string',
};

function typeText({ type, fields, memberSchema }: SchemaInfo, indent: string): string {
  switch (type) {
    case 'ARRAY':
      return `readonly (${typeText(memberSchema!, indent)} | null)[]`;
    case 'MAP':
      return `{ readonly [key: string]: ${typeText(memberSchema!, indent)} | null }`;
    case 'STRUCT': {
      const inner = `${indent}  `;
      const members = (fields ?? []).map(
        (f) => `${inner}readonly ${property(f.name)}: ${typeText(f.schema, inner)} | null;`,
      );
      return `{\n${members.join('\n')}\n${indent}}`;
    }
    default:
      return SCALARS[type] ?? 'unknown';
  }
}

const property = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

const comment = (text: string): string => text.replaceAll('*/', '* /');
