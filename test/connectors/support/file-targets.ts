import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { BucketTarget } from '../../../engine/connectors/file-sink/bucket-target.js';
import { FolderTarget } from '../../../engine/connectors/file-sink/folder-target.js';
import type { FileSinkOptions } from '../../../engine/connectors/file-sink/options.js';
import type { Target } from '../../../engine/connectors/file-sink/target.js';
import { AllowedPath } from '../../../engine/connectors/files/folders.js';
import { type Moto, startMoto } from '../../../testing/moto.js';
import { makeDir, removeDir } from '../../support/temp.js';

/** A real place for files, seen from outside. */
export interface Place {
  /** Empties it. */
  clear(): Promise<void>;
  /** Options of a sink that writes here. */
  readonly options: Readonly<Record<string, string>>;
  readonly folders: readonly string[];
  open(options: FileSinkOptions): Promise<Target>;
  /** Contents of the files that a reader sees, by name. */
  files(): Promise<ReadonlyMap<string, Buffer>>;
  /** How many files a reader sees. */
  count(): Promise<number>;
  /** Writes a file as somebody else does. */
  put(name: string, text: string): Promise<void>;
  stop(): Promise<void>;
}

export function folderPlace(): Place {
  const root = makeDir('weir-file-sink-');
  const path = () => join(root, 'out');
  return {
    options: { path: 'out' },
    folders: [root],
    async clear() {
      removeDir(path());
    },
    open: async (options) => FolderTarget.open(await AllowedPath.of(options.path!, [root])),
    async files() {
      const found = new Map<string, Buffer>();
      const walk = (folder: string): void => {
        for (const name of readdirSync(join(path(), folder)).sort()) {
          if (name === '.weir') continue;
          const at = folder === '' ? name : `${folder}/${name}`;
          if (statSync(join(path(), at)).isDirectory()) walk(at);
          else found.set(at, readFileSync(join(path(), at)));
        }
      };
      walk('');
      return found;
    },
    async count() {
      return existsSync(path()) ? readdirSync(path()).filter((name) => name !== '.weir').length : 0;
    },
    async put(name, text) {
      mkdirSync(path(), { recursive: true });
      writeFileSync(join(path(), name), text);
    },
    stop: async () => removeDir(root),
  };
}

const KEYS = { accessKeyId: 'key', secretAccessKey: 'secret' };

export async function bucketPlace(): Promise<Place & { readonly moto: Moto }> {
  const moto = await startMoto();
  const client = new AwsClient({ ...KEYS, service: 's3', region: 'us-east-1', retries: 0 });
  const scratch = makeDir();
  let bucket = '';
  let count = 0;
  /** A thousand at most. */
  const keys = async (): Promise<string[]> => {
    const list = await (await client.fetch(`${moto.url}/${bucket}?list-type=2`)).text();
    return [...list.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key!).filter((key) => !key.startsWith('.weir/'));
  };
  const place: Place & { moto: Moto } = {
    moto,
    get options() {
      return {
        's3.bucket.name': bucket,
        'store.url': moto.url,
        'aws.access.key.id': KEYS.accessKeyId,
        'aws.secret.access.key': KEYS.secretAccessKey,
      };
    },
    folders: [],
    async clear() {
      bucket = `bucket-${count++}`;
      await client.fetch(`${moto.url}/${bucket}`, { method: 'PUT' });
    },
    open: (options) => BucketTarget.open(options, makeDir('weir-file-sink-', scratch), new AbortController().signal),
    async files() {
      const found = new Map<string, Buffer>();
      for (const key of await keys()) {
        const path = key.split('/').map(encodeURIComponent).join('/');
        const answer = await client.fetch(`${moto.url}/${bucket}/${path}`);
        found.set(key, Buffer.from(await answer.arrayBuffer()));
      }
      return found;
    },
    count: async () => (await keys()).length,
    async put(name, text) {
      await client.fetch(`${moto.url}/${bucket}/${encodeURIComponent(name)}`, { method: 'PUT', body: text });
    },
    async stop() {
      removeDir(scratch);
      await moto.stop();
    },
  };
  await place.clear();
  return place;
}
