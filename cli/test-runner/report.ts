import type { Outcome } from './run-case.js';

export type Reporter = 'text' | 'summary' | 'json' | 'junit';

export interface Result {
  readonly test: { readonly file: string; readonly name: string };
  readonly outcome: Outcome;
  readonly ms: number;
}

/** Failures whose reasons are told without being asked for: of very many nobody reads them all. */
const MAX_TOLD = 10;

/** Prints results on standard output. */
export function report(results: readonly Result[], kind: Reporter, verbose: boolean): void {
  process.stdout.write(`${reportText(results, kind, verbose)}\n`);
}

export function reportText(results: readonly Result[], kind: Reporter, verbose: boolean): string {
  const failures = results.filter((r) => !r.outcome.passed);
  const lines: string[] = [];
  switch (kind) {
    case 'json':
      lines.push(
        JSON.stringify(
          results.map((r) => ({ file: r.test.file, name: r.test.name, ...r.outcome, ms: Math.round(r.ms * 10) / 10 })),
          null,
          1,
        ),
      );
      break;
    case 'junit':
      lines.push(junit(results));
      break;
    case 'text':
    case 'summary': {
      let told = 0;
      const files = [...new Set(results.map((r) => r.test.file))];
      for (const file of files) {
        const own = results.filter((r) => r.test.file === file);
        const bad = own.filter((r) => !r.outcome.passed);
        if (kind === 'text' || bad.length > 0)
          lines.push(
            `${bad.length === 0 ? 'ok  ' : 'FAIL'} ${file}: ${own.length - bad.length} passed, ${bad.length} failed`,
          );
        if (kind === 'text') for (const r of bad) lines.push(...describe(r, verbose || told++ < MAX_TOLD));
      }
      const share = results.length === 0 ? 0 : (100 * (results.length - failures.length)) / results.length;
      lines.push(
        `${results.length} ${results.length === 1 ? 'case' : 'cases'}, ${results.length - failures.length} passed, ${failures.length} failed (${share.toFixed(1)} % pass)`,
      );
      if (told > MAX_TOLD && !verbose) lines.push('--verbose tells what differs in all of them.');
    }
  }
  return lines.join('\n');
}

function describe(r: Result, withReason: boolean): string[] {
  if (r.outcome.passed) return [];
  const [first = '', ...rest] = r.outcome.reason.split('\n');
  if (!withReason) return [`     - ${r.test.name}`];
  return [`     - ${r.test.name}`, `         ${first}`, ...rest.map((l) => `         ${l}`)];
}

const xml = (s: string): string =>
  s.replace(
    /[&<>"\u0000-\u0008\u000b-\u001f]/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? '',
  );

function junit(results: readonly Result[]): string {
  const failures = results.filter((r) => !r.outcome.passed).length;
  const cases = results.map((r) => {
    const head = `  <testcase classname="${xml(r.test.file)}" name="${xml(r.test.name)}" time="${(r.ms / 1000).toFixed(3)}"`;
    return r.outcome.passed ? `${head}/>` : `${head}><failure message="${xml(r.outcome.reason)}"/></testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="weir" tests="${results.length}" failures="${failures}">\n${cases.join('\n')}\n</testsuite>`;
}
