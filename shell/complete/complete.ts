import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { splitStatements } from '../../parser/split.js';
import { isReserved } from '../../parser/tokens.js';
import { COMMANDS } from '../commands.js';
import type { Completion } from '../editor/editor.js';
import { FORMATS } from '../formats.js';
import { SYNTAX } from '../syntax.js';
import { unitsOf } from '../units.js';
import type { CatalogColumn, CatalogSource, NameKind, Names } from './catalog.js';
import { expectedAfter, type NameRole, qualifiersBefore, sourcesIn, tokensOf } from './expected.js';

/** Where completion gets names from. */
export interface NameSource {
  get(kinds: readonly NameKind[]): Promise<Partial<Names>>;
  variables(): readonly string[];
  language(): Promise<Language>;
}

/** Words of the language that are not in its grammar. */
export interface Language {
  readonly formats: readonly string[];
  /** What a WITH clause can say. */
  readonly properties: readonly string[];
}

const MAX_CANDIDATES = 1_000;
const TYPES = 'ARRAY< BIGINT BOOLEAN BYTES DATE DECIMAL( DOUBLE INTEGER MAP< STRING STRUCT< TIME TIMESTAMP'.split(' ');
const PSEUDO_COLUMNS = ['ROWTIME', 'ROWPARTITION', 'ROWOFFSET'];
const TOGGLES = ['on', 'off'];
const COMMAND_WORDS = COMMANDS.flatMap((c) => c.names).filter((n) => /^\w+$/.test(n));

/** What can stand at a place of a text, from the grammar and the catalog. */
export async function complete(text: string, cursor: number, names: NameSource): Promise<Completion> {
  const before = text.slice(0, cursor);
  const { units, tail } = unitsOf(before);
  const last = units.at(-1);
  // The command that the cursor stands in is the last unit, if no line end or semicolon follows it.
  if (
    tail === undefined &&
    last?.kind === 'command' &&
    last.start + last.text.length >= before.trimEnd().length &&
    !/[\n;]\s*$/.test(before)
  ) {
    return completeCommand(before.slice(last.start), last.start, names);
  }
  const start = tail?.start ?? cursor;
  return completeSql(before.slice(start), start, text.slice(cursor), names);
}

function completion(start: number, typed: string, candidates: Iterable<string>): Completion {
  const wanted = typed.toLowerCase();
  const found = [...new Set(candidates)].filter((c) => c.toLowerCase().startsWith(wanted) && c !== typed);
  return { start, end: start + typed.length, candidates: found.slice(0, MAX_CANDIDATES) };
}

const NOTHING: Completion = { start: 0, end: 0, candidates: [] };

// --- Commands ----------------------------------------------------------------------------------------------------

async function completeCommand(text: string, offset: number, names: NameSource): Promise<Completion> {
  const m = /^(\\\S*|run\s+script|\w+)(\s+)([\s\S]*)$/i.exec(text);
  if (m === null) {
    const all = COMMANDS.flatMap((c) => c.names);
    return completion(
      offset,
      text,
      all.filter((n) => n.startsWith(text.toLowerCase()) || n.startsWith(text)),
    );
  }
  const [, word, , argument] = m as unknown as [string, string, string, string];
  const at = offset + text.length - argument.length;
  switch (word.toLowerCase().replace(/\s+/, ' ')) {
    case 'output':
      return completion(at, argument, FORMATS);
    case '\\x':
      return completion(at, argument, [...TOGGLES, 'auto']);
    case '\\time':
    case '\\timing':
    case '\\pager':
      return completion(at, argument, TOGGLES);
    case '\\h':
    case '\\?':
    case 'help':
      return completion(at, argument, [
        ...SYNTAX.map((s) => s.name),
        ...((await names.get(['functions'])).functions ?? []),
      ]);
    case '\\df':
      return completion(at, argument, (await names.get(['functions'])).functions ?? []);
    case '\\d':
    case '\\d+':
      return completion(
        at,
        argument,
        ((await names.get(['sources'])).sources ?? []).map((s) => cased(s.name, argument)),
      );
    case '\\live':
    case '\\watch': {
      const sql = argument.replace(/^\d+(\.\d+)?\s*/, '');
      const from = offset + text.length - sql.length;
      // \live takes a table's name alone as well.
      if (word === '\\live' && /^[\w`]*$/.test(sql)) {
        const { sources = [] } = await names.get(['sources']);
        return completion(from, sql, [...sources.map((s) => cased(s.name, sql)), casedWord('SELECT', sql)]);
      }
      return completeSql(sql, from, '', names);
    }
    case '\\i':
    case '\\o':
    case '\\g':
    case '\\e':
    case 'spool':
    case 'run script':
      return completeFile(argument.replace(/^'/, ''), at + (argument.startsWith("'") ? 1 : 0));
    default:
      return NOTHING;
  }
}

function completeFile(typed: string, at: number): Completion {
  const folder = typed.endsWith('/') ? typed : dirname(typed === '' ? './x' : typed);
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    const paths = entries.map((e) => {
      const path = typed.startsWith('./') ? `./${join(folder, e.name)}` : join(folder, e.name);
      return e.isDirectory() ? `${path}/` : path;
    });
    return completion(at, typed, paths.sort());
  } catch {
    return NOTHING; // no such folder: there is nothing to offer
  }
}

// --- SQL ---------------------------------------------------------------------------------------------------------

async function completeSql(before: string, offset: number, after: string, names: NameSource): Promise<Completion> {
  const open = splitStatements(before).tail.open;
  if (open === 'comment') return NOTHING;
  if (open === 'string') return completeString(before, offset, names);
  if (/\$\{\w*$/.test(before)) {
    const typed = /\w*$/.exec(before)![0];
    return completion(
      offset + before.length - typed.length,
      typed,
      names.variables().map((v) => `${v}}`),
    );
  }
  const typed = (open === 'name' ? /[`"][^`"]*$/ : /[A-Za-z_][\w@]*$/).exec(before)?.[0] ?? '';
  const start = offset + before.length - typed.length;
  const tokens = tokensOf(before.slice(0, before.length - typed.length));
  const all = [...tokens, ...tokensOf(`${typed} ${after.split(';')[0]}`)];

  const { path, field } = qualifiersBefore(tokens);
  const uses = sourcesIn(all);
  if (path.length > 0) {
    const { sources = [] } = await names.get(['sources']);
    return completion(
      start,
      typed,
      qualified(path, field, uses, sources).map((n) => cased(n, typed)),
    );
  }
  const expected = expectedAfter(tokens);
  const kind = /^\s*(?:DROP|ALTER)\s+(STREAM|TABLE)\b/i.exec(before)?.[1]?.toUpperCase();
  const candidates = await namesFor(expected.names, uses, names, kind);
  // `STRUCT<` says more than STRUCT.
  const texts = new Set(candidates.map((c) => c.text));
  const better = (k: string) => texts.has(`${k}<`) || texts.has(`${k}(`);
  const keywords = open === 'name' ? [] : expected.keywords.filter((k) => !better(k));
  // Where nothing is typed yet, it goes on in the case in which the statement begins.
  const like = typed === '' ? before.trimStart() : typed;
  const named = candidates.map((c) => (c.kind === 'name' ? cased(c.text, like) : casedWord(c.text, like)));
  const words = [...keywords].sort().map((k) => casedWord(k, like));
  // Commands that are words stand where a statement begins.
  const commands = tokens.length === 0 && offset === 0 && open === 'nothing' ? COMMAND_WORDS : [];
  return {
    ...completion(start, typed, [...named, ...words, ...commands.map((c) => casedWord(c.toUpperCase(), like))]),
    words: new Set(words),
  };
}

interface Candidate {
  readonly text: string;
  /** A name is quoted where it has to be; a word has the case that is typed. */
  readonly kind: 'name' | 'word';
}

const asNames = (texts: Iterable<string>): Candidate[] =>
  Array.from(texts, (text) => ({ text, kind: 'name' }) as const);
const asWords = (texts: Iterable<string>): Candidate[] =>
  Array.from(texts, (text) => ({ text, kind: 'word' }) as const);

const NEEDS: Readonly<Record<NameRole, readonly NameKind[]>> = {
  source: ['sources'],
  expression: ['sources', 'functions'],
  column: ['sources'],
  type: ['types'],
  query: ['queries'],
  topic: ['topics'],
  function: ['functions'],
  property: [],
  connector: ['connectors'],
  variable: [],
};

async function namesFor(
  roles: ReadonlySet<NameRole>,
  uses: readonly { readonly name: string; readonly alias: string }[],
  source: NameSource,
  /** STREAM or TABLE: sources of this kind alone. */
  kind?: string,
): Promise<Candidate[]> {
  const known = await source.get([...new Set([...roles].flatMap((r) => NEEDS[r]))]);
  const sources = known.sources ?? [];
  const used = sources.filter((s) => uses.some((u) => u.name === s.name));
  const columns = (used.length > 0 ? used : sources).flatMap((s) => s.columns.map((c) => c.name));
  const out: Candidate[] = [];
  for (const role of roles) {
    switch (role) {
      case 'source':
        out.push(
          ...asNames(sources.filter((s) => kind === undefined || s.isTable === (kind === 'TABLE')).map((s) => s.name)),
        );
        break;
      case 'expression':
        out.push(
          ...asNames(columns),
          ...asNames(uses.length > 1 ? uses.map((u) => u.alias) : []),
          ...asWords((known.functions ?? []).map((f) => `${f}(`)),
          ...asWords(used.length > 0 ? PSEUDO_COLUMNS : []),
        );
        break;
      case 'column':
        out.push(...asNames(columns));
        break;
      case 'type':
        out.push(...asWords(TYPES), ...asNames(known.types ?? []));
        break;
      case 'query':
        out.push(...asWords(known.queries ?? []));
        break;
      case 'topic':
        out.push(...(known.topics ?? []).map((t) => ({ text: `'${t}'`, kind: 'word' }) as const));
        break;
      case 'function':
        out.push(...asWords(known.functions ?? []));
        break;
      case 'property':
        out.push(...asWords((await source.language()).properties.map((p) => `${p}=`)));
        break;
      case 'connector':
        out.push(...asNames(known.connectors ?? []));
        break;
      case 'variable':
        out.push(...asWords(source.variables()));
        break;
    }
  }
  return out;
}

/** Columns of the source, or fields of the column, that a path names. */
function qualified(
  path: readonly string[],
  field: boolean,
  uses: readonly { readonly name: string; readonly alias: string }[],
  sources: readonly CatalogSource[],
): readonly string[] {
  const columnsOf = (alias: string): readonly CatalogColumn[] | undefined => {
    const name = uses.find((u) => u.alias === alias)?.name ?? alias;
    return sources.find((s) => s.name === name)?.columns;
  };
  let rest = path;
  let columns = columnsOf(path[0]!);
  if (columns !== undefined && (!field || path.length > 1)) rest = path.slice(1);
  else
    columns = sources.filter((s) => uses.length === 0 || uses.some((u) => u.name === s.name)).flatMap((s) => s.columns);
  for (const name of rest) columns = columns?.find((c) => c.name === name)?.fields;
  return (columns ?? []).map((c) => c.name);
}

/** Inside of quotes: settings, topics, formats. */
async function completeString(before: string, offset: number, names: NameSource): Promise<Completion> {
  const m = /^([\s\S]*?)'([^']*)$/.exec(before.slice(lastQuote(before)));
  const typed = m?.[2] ?? '';
  const head = before.slice(0, before.length - typed.length - 1).trimEnd();
  const start = offset + before.length - typed.length;
  if (/^(SET|UNSET|ALTER\s+SYSTEM)$/i.test(head)) {
    const { settings = [] } = await names.get(['settings']);
    return completion(
      start,
      typed,
      settings.map((s) => (/^UNSET$/i.test(head) ? `${s}';` : `${s}'`)),
    );
  }
  if (/^SET\s+'auto\.offset\.reset'\s*=$/i.test(head)) return completion(start, typed, ["earliest';", "latest';"]);
  if (/(^PRINT|KAFKA_TOPIC\s*=)$/i.test(head)) {
    const { topics = [] } = await names.get(['topics']);
    return completion(
      start,
      typed,
      topics.map((t) => `${t}'`),
    );
  }
  if (/FORMAT\s*=$/i.test(head))
    return completion(
      start,
      typed,
      (await names.language()).formats.map((f) => `${f}'`),
    );
  return NOTHING;
}

/** Offset of the quote that opens the string at the end of a text. */
function lastQuote(text: string): number {
  let open = -1;
  for (let at = text.indexOf("'"); at !== -1; at = text.indexOf("'", at + 1)) open = open === -1 ? at : -1;
  return Math.max(0, open);
}

/** A name as it would be typed: in the case of what is there, in quotes where it needs them. */
function cased(name: string, typed: string): string {
  const plain = /^[A-Z_][A-Z0-9_@]*$/.test(name) && !isReserved(name);
  if (!plain || /^[`"]/.test(typed)) return `\`${name.replaceAll('`', '``')}\``;
  return casedWord(name, typed);
}

const casedWord = (word: string, typed: string): string => (/^[a-z]/.test(typed) ? word.toLowerCase() : word);
