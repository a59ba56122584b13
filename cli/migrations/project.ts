import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type SettingValues, valuesOf, WeirError } from '../../engine/index.js';
import { parseProperties } from '../../server/config.js';
import { MIGRATIONS } from './settings.js';

/** A migrations project, laid out as ksqlDB's `ksql-migrations` does it: a configuration file, and `migrations/` beside it. */
export interface Project {
  readonly folder: string;
  readonly server: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly names: MetadataNames;
}

/** What keeps the record of migrations on the server. */
export type MetadataNames = Pick<
  SettingValues<typeof MIGRATIONS>,
  'stream' | 'table' | 'streamTopic' | 'tableTopic' | 'replicas'
>;

/** One file `V000001__name.sql`. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly file: string;
  readonly sql: string;
  /** MD5 of the file, in hexadecimal. */
  readonly checksum: string;
}

export const CONFIG_FILE = 'ksql-migrations.properties';
const FOLDER = 'migrations';
const FILE = /^V(\d{6})__(.+)\.sql$/;
const MAX_VERSION = 999_999;

/** `1` is `000001`. */
export const versionText = (version: number): string => String(version).padStart(6, '0');

/** Throws BAD_REQUEST where the folder holds a project already. Gives the files and folders that it made. */
export function newProject(folder: string, server: string): readonly string[] {
  const config = join(folder, CONFIG_FILE);
  mkdirSync(join(folder, FOLDER), { recursive: true });
  try {
    writeFileSync(config, `${MIGRATIONS.server.name}=${server}\n`, { flag: 'wx' });
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
    throw new WeirError('BAD_REQUEST', `There is a migrations project already: ${config}`);
  }
  return [config, join(folder, FOLDER)];
}

export function openProject(configFile: string): Project {
  let text: string;
  try {
    text = readFileSync(configFile, 'utf8');
  } catch (e) {
    throw new WeirError(
      'BAD_REQUEST',
      `The migrations project's configuration cannot be read: ${configFile}`,
      'weir migrations new-project FOLDER URL makes a project; --config-file FILE names its configuration.',
      { cause: e },
    );
  }
  const { server, user, password, ...names } = valuesOf(MIGRATIONS, parseProperties(text));
  if (server === undefined) throw new WeirError('BAD_REQUEST', `${configFile} lacks ${MIGRATIONS.server.name}.`);
  return { folder: dirname(configFile), server, user, password, names };
}

/** In the order of their versions. Throws BAD_REQUEST where two have one version, or a file is named otherwise. */
export function readMigrations({ folder }: Project): readonly Migration[] {
  const found: Migration[] = [];
  for (const file of readdirSync(join(folder, FOLDER)).sort()) {
    const match = FILE.exec(file);
    if (match === null) {
      if (!file.endsWith('.sql')) continue;
      throw new WeirError(
        'BAD_REQUEST',
        `${join(FOLDER, file)} is not named as a migration.`,
        'V000001__what_it_does.sql: V, six digits, two underscores, a name.',
      );
    }
    const version = Number(match[1]);
    if (version === 0) throw new WeirError('BAD_REQUEST', `${join(FOLDER, file)}: versions begin with 000001.`);
    const other = found.find((m) => m.version === version);
    if (other !== undefined) {
      throw new WeirError('BAD_REQUEST', `Two migrations have version ${match[1]}: ${other.file} and ${file}.`);
    }
    const sql = readFileSync(join(folder, FOLDER, file), 'utf8');
    found.push({ version, name: match[2]!.replaceAll('_', ' '), file, sql, checksum: md5(sql) });
  }
  return found;
}

/** Makes an empty migration, by default with the version behind the last one. Gives its file. */
export function createMigration(project: Project, name: string, version: number | undefined): string {
  const existing = readMigrations(project);
  const own = version ?? (existing.at(-1)?.version ?? 0) + 1;
  if (!Number.isInteger(own) || own < 1 || own > MAX_VERSION) {
    throw new WeirError('BAD_REQUEST', `A version is a whole number from 1 to ${MAX_VERSION}.`);
  }
  const same = existing.find((m) => m.version === own);
  if (same !== undefined) throw new WeirError('BAD_REQUEST', `Version ${versionText(own)} is taken by ${same.file}.`);
  if (!/^[A-Za-z0-9_ -]+$/.test(name)) {
    throw new WeirError('BAD_REQUEST', `A migration's name has letters, digits, spaces, _ and - only, not '${name}'.`);
  }
  const path = join(project.folder, FOLDER, `V${versionText(own)}__${name.trim().replace(/\s+/g, '_')}.sql`);
  writeFileSync(path, '', { flag: 'wx' });
  return path;
}

const md5 = (text: string): string => createHash('md5').update(text, 'utf8').digest('hex');
