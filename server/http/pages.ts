import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { WeirError } from '../../engine/index.js';
import type { PagesFolder } from '../server-settings.js';

/** Where this package has the client as a browser takes it: modules, built. */
const CLIENT = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/client' : '../../client', import.meta.url),
);

/**
 * Serves folders of pages, and beside them the client, from which they need no build step. Whoever may use the API may see them.
 * @throws BAD_REQUEST for a folder that is not there
 */
export function addPages(app: FastifyInstance, folders: readonly PagesFolder[]): void {
  if (folders.length === 0) return;
  for (const { prefix, folder } of [...folders, { prefix: '/weir/client/', folder: CLIENT }]) {
    const root = resolve(folder);
    if (!existsSync(root)) {
      throw new WeirError('BAD_REQUEST', `Setting weir.pages.dirs: there is no folder ${folder}.`);
    }
    app.register(fastifyStatic, { root, prefix, decorateReply: false, cacheControl: true, maxAge: 0 });
  }
}
