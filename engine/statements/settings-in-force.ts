import type { Catalog } from '../catalog/index.js';
import type { Settings } from '../settings.js';
import type { StatementContext } from './context.js';

/** The settings in force: the server's, over them those of ALTER SYSTEM, over them those of a request or a query. */
export const settingsOf = (server: Settings, catalog: Catalog, own: ReadonlyMap<string, string>): Settings =>
  server.with(catalog.settings).with(own);

export const settingsIn = ({ parts, catalog, session }: StatementContext): Settings =>
  settingsOf(parts.settings, catalog, session.properties);
