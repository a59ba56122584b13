import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { isRequired } from '../../kafka/support/broker.js';

/** Where Debian, and others, have a Chromium. */
const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * A browser, or why there is none: then its tests are skipped by name; with `WEIR_REQUIRE=browser` they fail instead.
 */
export async function launchBrowser(): Promise<Browser | string> {
  const problems: string[] = [];
  for (const executablePath of PLACES) {
    if (executablePath === undefined || executablePath === '') continue;
    try {
      // As root it does not start with its sandbox.
      return await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
    } catch (e) {
      problems.push((e as Error).message.split('\n')[0]!);
    }
  }
  const why = `no Chromium could be started (${problems.join('; ') || 'no place to look'}); CHROMIUM names one`;
  if (isRequired('browser')) throw new Error(`WEIR_REQUIRE asks for browser, but ${why}`);
  console.warn(`${why}. The tests that need a browser are SKIPPED.`);
  return why;
}

export interface Site {
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves files by their paths, and an empty page at `/`: a web page's origin, which is not Weir's. */
export async function serveSite(files: Readonly<Record<string, string>>): Promise<Site> {
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (file !== undefined) response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(file));
    else if (request.url === '/') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>A page</title>');
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Runs the body of an async function in a page; what the page logs as an error is part of what a failure says. */
export async function inPage<T>(page: Page, body: string, argument: object): Promise<T> {
  const errors: string[] = [];
  page.on('console', (m) => void (m.type() === 'error' && errors.push(m.text())));
  try {
    const run = `(async ({ ${Object.keys(argument).join(', ')} }) => { ${body} })(${JSON.stringify(argument)})`;
    return (await page.evaluate(run)) as T;
  } catch (e) {
    throw new Error([(e as Error).message, ...errors].join('\n'), { cause: e });
  }
}
