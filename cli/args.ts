import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Wrong use of the command line: the message goes to stderr, the exit status is 2. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;

interface Strict<O extends Options> {
  args: string[];
  options: O;
  allowPositionals: boolean;
  strict: true;
}

/** `parseArgs` explains at length how a dash could begin something else. */
export const plainMessage = (e: Error): string => e.message.replace(/^(Unknown option '[^']*')[\s\S]*$/, '$1.');

/** `parseArgs` with its errors told as usage. Unknown options are errors. */
export function readArgs<O extends Options>(
  args: readonly string[],
  options: O,
  allowPositionals = true,
): ReturnType<typeof parseArgs<Strict<O>>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals, strict: true });
  } catch (e) {
    throw new UsageError(plainMessage(e as Error));
  }
}

export function wholeNumber(text: string | undefined, name: string, fallback: number): number {
  if (text === undefined) return fallback;
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0) throw new UsageError(`${name} must be a whole number, not '${text}'.`);
  return n;
}

export function positiveNumber(text: string | undefined, name: string, fallback: number): number {
  if (text === undefined) return fallback;
  const n = Number(text);
  if (!Number.isFinite(n) || n <= 0) throw new UsageError(`${name} must be a number above 0, not '${text}'.`);
  return n;
}
