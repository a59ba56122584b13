import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { types } from '../../cli/types-command.js';
import { run, startServer, type TestServer } from '../server/support.js';
import { tempDir } from '../support/temp.js';

let server: TestServer;
afterEach(() => server.stop());

const root = join(import.meta.dirname, '../..');

it('weir types writes what programs can be checked against', async () => {
  server = await startServer();
  await run(
    server,
    `CREATE STREAM ride_streams (id STRING KEY, n BIGINT, fare DECIMAL(6, 2), at TIMESTAMP, raw BYTES, ok BOOLEAN,
       tags ARRAY<STRING>, by_zone MAP<STRING, DOUBLE>, \`the place\` STRUCT<lat DOUBLE, names ARRAY<STRING>>)
       WITH (KAFKA_TOPIC='rides', VALUE_FORMAT='JSON', PARTITIONS=1);
     CREATE TABLE \`ride-streams\` (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);
     CREATE TABLE per_minute AS SELECT id, COUNT(*) AS n FROM ride_streams WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY id;`,
  );
  const dir = join(tempDir(), 'project');
  mkdirSync(dir);
  const file = join(dir, 'weir.d.ts');
  expect(await types(['--server', server.address, '-o', file], () => {})).toBe(0);
  expect(
    readFileSync(file, 'utf8'),
  ).toBe(`// Written by \`weir types\`: do not edit, write it again when the catalog has changed.

import type {} from 'weir-sql/client';

/** TABLE PER_MINUTE, topic PER_MINUTE. */
export interface PerMinute {
  /** Key. */
  readonly ID: string | null;
  /** Key. */
  readonly WINDOWSTART: number | bigint | null;
  /** Key. */
  readonly WINDOWEND: number | bigint | null;
  readonly N: number | bigint | null;
}

/** STREAM RIDE_STREAMS, topic rides. */
export interface RideStreams {
  /** Key. */
  readonly ID: string | null;
  readonly N: number | bigint | null;
  readonly FARE: string | null;
  readonly AT: string | null;
  readonly RAW: Uint8Array | null;
  readonly OK: boolean | null;
  readonly TAGS: readonly (string | null)[] | null;
  readonly BY_ZONE: { readonly [key: string]: number | null } | null;
  readonly "the place": {
    readonly LAT: number | null;
    readonly NAMES: readonly (string | null)[] | null;
  } | null;
}

/** TABLE ride-streams, topic t. */
export interface RideStreams2 {
  /** Key. */
  readonly ID: number | null;
  readonly V: number | null;
}

declare module 'weir-sql/client' {
  interface Sources {
    readonly PER_MINUTE: PerMinute;
    readonly RIDE_STREAMS: RideStreams;
    readonly "ride-streams": RideStreams2;
  }
}
`);

  const check = (program: string): string => {
    writeFileSync(join(dir, 'program.mts'), program);
    writeFileSync(
      join(dir, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          target: 'es2023',
          module: 'nodenext',
          moduleResolution: 'nodenext',
          types: ['node'],
          typeRoots: [join(root, 'node_modules/@types')],
          paths: { 'weir-sql/client': [join(root, 'client/index.ts')] },
        },
        files: ['program.mts', 'weir.d.ts'],
      }),
    );
    try {
      execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', dir], { encoding: 'utf8' });
      return '';
    } catch (e) {
      return (e as { stdout: string }).stdout;
    }
  };
  const head = `import { WeirClient } from 'weir-sql/client';
import type { RideStreams } from './weir.js';
const client = new WeirClient({ url: 'http://localhost:8088' });
`;
  expect(
    check(`${head}
for await (const row of client.push<RideStreams>('SELECT * FROM ride_streams EMIT CHANGES;')) {
  const lat: number | null | undefined = row['the place']?.LAT;
  void lat;
}
await client.insert('RIDE_STREAMS', [{ ID: 'a', N: 1n, TAGS: ['x'] }]);
await client.insert('RIDE_STREAMS', [{ AT: new Date() }]);
await client.insert('SOMETHING_ELSE', [{ anything: 1 }]);
export {};
`),
  ).toBe('');
  expect(check(`${head} await client.insert('RIDE_STREAMS', [{ N: 'one' }]); export {};`)).toMatch(/error TS2322/);
  expect(check(`${head} await client.insert('RIDE_STREAMS', [{ NOPE: 1 }]); export {};`)).toMatch(/error TS2353/);
});
