import { appendFileSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

export const MAX_HISTORY = 1_000;
const MAX_ENTRY = 20_000;

/** What may hold a secret is not kept; a column called token is none, a value that is set for it may be. */
const SECRET =
  /passw|secret|credential|sasl\.jaas|authorization|user\.info|:\/\/[^\s/@']+:[^\s/@']+@|(?:token|api[._-]?key)[\w.]*['"`]?\s*=\s*'/i;

/** What was typed, an entry a statement, in memory and in a file that only its owner reads. */
export class History {
  private readonly items: string[];

  constructor(private readonly file: string | undefined) {
    this.items = file === undefined || !existsSync(file) ? [] : load(file);
  }

  /** Oldest first. */
  get entries(): readonly string[] {
    return this.items;
  }

  /** Keeps an entry, unless it is the last one again, begins with a space, or may hold a secret. Throws as the file does. */
  add(entry: string): void {
    const text = entry.trimEnd();
    if (text === '' || text.startsWith(' ') || text.length > MAX_ENTRY || SECRET.test(text)) return;
    if (text === this.items.at(-1)) return;
    this.items.push(text);
    if (this.items.length > MAX_HISTORY) this.items.shift();
    if (this.file !== undefined) appendFileSync(this.file, `${encode(text)}\n`, { mode: 0o600 });
  }
}

/** A file that has grown to twice the limit, by several shells maybe, is cut; one that others may read no longer is. */
function load(file: string): string[] {
  chmodSync(file, 0o600);
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const kept = lines.slice(-MAX_HISTORY);
  if (lines.length > 2 * MAX_HISTORY) writeFileSync(file, `${kept.join('\n')}\n`, { mode: 0o600 });
  return kept.map(decode);
}

const encode = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const decode = (line: string): string => line.replace(/\\([\\n])/g, (_, c: string) => (c === 'n' ? '\n' : '\\'));
