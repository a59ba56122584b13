import type { Properties } from '../base/properties.js';
import { CONNECTORS } from '../settings.js';

/** What `TaskContext.allowedFolders` is, by the server's settings. */
export const allowedFolders = (server: Properties): readonly string[] => CONNECTORS.folders.of(server) ?? [];
