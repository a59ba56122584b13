import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { WeirError } from '../../engine/index.js';
import type { PagesFolder } from '../server-settings.js';

/** Where this package has the client as a browser takes it: modules, built. */
const CLIENT = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/client' : '../../client', import.meta.url),
);
const CLIENT_PATH = '/weir/client/';
/** The one library that the client uses. A browser finds no package by its name, so that its modules are served beside the client's. */
const LIBRARY = 'lossless-json';

/**
 * Serves folders of pages, and beside them the client, from which they need no build step. Whoever may use the API may see them.
 * @throws BAD_REQUEST for a folder that is not there
 */
export function addPages(app: FastifyInstance, folders: readonly PagesFolder[]): void {
  if (folders.length === 0) return;
  for (const { prefix, folder } of folders) {
    const root = resolve(folder);
    if (!existsSync(root)) {
      throw new WeirError('BAD_REQUEST', `Setting weir.pages.dirs: there is no folder ${folder}.`);
    }
    app.register(fastifyStatic, { root, prefix, decorateReply: false, cacheControl: true, maxAge: 0 });
  }
  addClient(app);
}

function addClient(app: FastifyInstance): void {
  for (const [name, text] of clientModules()) {
    app.get(`${CLIENT_PATH}${name}`, (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').header('cache-control', 'no-cache').send(text),
    );
  }
  const root = join(dirname(createRequire(import.meta.url).resolve(LIBRARY)), '..', 'esm');
  app.register(fastifyStatic, { root, prefix: `${CLIENT_PATH}${LIBRARY}/`, decorateReply: false });
}

/** The modules of the client by their names, with the library at its place. */
function clientModules(): ReadonlyMap<string, string> {
  if (!existsSync(CLIENT)) {
    throw new WeirError(
      'BAD_REQUEST',
      `Setting weir.pages.dirs: the client is not built (${CLIENT}).`,
      'Run npm run build.',
    );
  }
  const names = readdirSync(CLIENT).filter((name) => name.endsWith('.js'));
  const at = `from './${LIBRARY}/index.js'`;
  return new Map(
    names.map((name) => [name, readFileSync(join(CLIENT, name), 'utf8').replaceAll(`from '${LIBRARY}'`, at)]),
  );
}
