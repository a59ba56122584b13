import { silentLogger } from '../../engine/base/logger.js';
import type { RuntimeServices } from '../../engine/dataflow/runtime-services.js';
import type { SourceNode } from '../../engine/plan/topology.js';
import { planPull } from '../../engine/planner/index.js';
import { PullQuery } from '../../engine/pull/pull-query.js';
import { LocalTableRows } from '../../engine/pull/table-read.js';
import { ByteWriter } from '../../engine/records/bytes.js';
import { KeyCodec } from '../../engine/records/key-codec.js';
import { RowCodec } from '../../engine/records/row-codec.js';
import { MemoryState } from '../../engine/stores/memory.js';
import { BIGINT } from '../../engine/values/sql-type.js';
import { Session } from '../analyzer/support.js';
import { codecServices } from '../runtime/support.js';
import { tableRows } from './queries.js';
import { fromEngine, toEngine } from './run.js';
import type { Input, Source } from './sources.js';
import type { Val } from './values.js';

const PARTITIONS = 2;

/** Puts the tables' rows into state as CREATE SOURCE TABLE keeps them, over two partitions, and pulls from it. */
export async function pull(
  ddl: string,
  sql: string,
  tables: readonly Source[],
  inputs: readonly Input[],
  maxBytes?: number,
): Promise<{ readonly types: readonly string[]; readonly rows: Val[][] }> {
  const session = new Session();
  session.run(ddl);
  const state = new MemoryState();
  for (const table of tables) {
    const query = [...session.catalog.queries.values()].find((q) => q.sink === table.name)!;
    const { id, nodes } = query.topology.subtopologies[0]!;
    const node = nodes[0] as SourceNode;
    const keys = new KeyCodec(node.key.map((c) => c.type));
    const rows = new RowCodec([BIGINT, ...node.value.map((c) => c.type)]);
    const stores = Array.from({ length: PARTITIONS }, (_, partition) =>
      state.store({ queryId: query.id, subtopology: id, partition }, node.store!.name),
    );
    tableRows(inputs, table).forEach((input, i) => {
      const key = new ByteWriter();
      keys.encode(input.key!.map(toEngine), key);
      const value = new ByteWriter();
      rows.encode([input.timestamp, ...input.value!.map(toEngine)], value);
      stores[i % PARTITIONS]!.put(key.toBuffer(), value.toBuffer());
    });
    for (const store of stores) {
      await state.write(store.databaseOps());
      store.committed();
    }
  }
  const { resolved } = session.run(sql)[0]!;
  if (resolved.kind !== 'select') throw new Error(resolved.kind);
  const planned = planPull(resolved);
  if (planned.kind !== 'table') throw new Error('it reads a stream');
  const services = { ...codecServices, state, logger: silentLogger } as unknown as RuntimeServices;
  const local = new LocalTableRows(services);
  const query = await PullQuery.open(
    services,
    {
      tables: { open: async (read, reader) => local.openPartitions(read, reader, [...Array(PARTITIONS).keys()]) },
      openStream: () => Promise.reject(new Error('no streams here')),
    },
    {
      queryId: 'pull',
      plan: planned.plan,
      properties: maxBytes === undefined ? {} : { 'weir.query.pull.max.bytes': String(maxBytes) },
    },
  );
  const rows: Val[][] = [];
  for (let batch = await query.next(); batch !== undefined; batch = await query.next()) {
    for (const row of batch.rows) rows.push(row.map((v, i) => fromEngine(v, query.columns[i]!)));
  }
  await query.close();
  return { types: query.columns.map((c) => c.type.kind), rows };
}
