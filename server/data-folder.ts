import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { WeirError } from '../engine/index.js';

/** Whose a data folder is: `weir-data.json` in it. */
interface Marker {
  readonly formatVersion: number;
  readonly serviceId: string;
}

const FILE = 'weir-data.json';
/** Of all that lies in a data folder. A newer Weir may read older ones, and says so here. */
const FORMAT_VERSION = 1;

/**
 * Makes sure that a data folder is this service's, and marks a new one. State has no service id in its keys: two services
 * in one folder, one after the other, would read each other's rows.
 * @throws WeirError STATE_ERROR: it is another service's, of a newer format, or its mark cannot be read.
 */
export function claimDataFolder(folder: string, serviceId: string): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, FILE);
  const found = readMarker(path);
  if (found === undefined) {
    writeMarker(path, { formatVersion: FORMAT_VERSION, serviceId });
    return;
  }
  if (found.formatVersion > FORMAT_VERSION) {
    throw new WeirError(
      'STATE_ERROR',
      `The data folder ${folder} has format ${found.formatVersion}; this Weir reads up to ${FORMAT_VERSION}`,
      'It was written by a newer Weir: start that one, or give this one a folder of its own (weir.data.dir).',
    );
  }
  if (found.serviceId !== serviceId) {
    throw new WeirError(
      'STATE_ERROR',
      `The data folder ${folder} belongs to service '${found.serviceId}', and this is service '${serviceId}'`,
      'Set ksql.service.id to the former, or give this service a folder of its own (weir.data.dir).',
    );
  }
}

function readMarker(path: string): Marker | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw e;
  }
  try {
    const { formatVersion, serviceId } = JSON.parse(text) as Partial<Marker>;
    if (typeof formatVersion === 'number' && typeof serviceId === 'string') return { formatVersion, serviceId };
  } catch (e) {
    throw unreadable(path, e);
  }
  throw unreadable(path);
}

const unreadable = (path: string, cause?: unknown): WeirError =>
  new WeirError(
    'STATE_ERROR',
    `${path} does not say whose data folder this is`,
    "If you know that it is this service's, remove the file: it is written anew.",
    { cause },
  );

/** As a whole or not at all. */
function writeMarker(path: string, marker: Marker): void {
  const fd = openSync(`${path}.new`, 'w');
  try {
    writeSync(fd, `${JSON.stringify(marker, null, 2)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.new`, path);
}
