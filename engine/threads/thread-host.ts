import { WeirError } from '../base/errors.js';
import type { RuntimeServices } from '../dataflow/runtime-services.js';
import { QueryRunner } from '../persistent/query-runner.js';
import type { RowBatches } from '../pull/rows.js';
import { ByteWriter } from '../records/bytes.js';
import { RowCodec } from '../records/row-codec.js';
import {
  type Call,
  type FromThread,
  type Port,
  type QueryReport,
  type SentRows,
  sendable,
  type ToThread,
} from './protocol.js';

/** How often the main thread is told how the queries are. */
const REPORT_MS = 200;

interface Cursor {
  readonly rows: RowBatches;
  readonly codec: RowCodec;
}

/**
 * The inside of a thread that runs tasks: a member of each query's group, with a log client and state of its own, as another
 * node would be. It does what the main thread tells it, and tells it how the queries are.
 */
export class ThreadHost {
  private readonly runners = new Map<string, QueryRunner>();
  private readonly cursors = new Map<number, Cursor>();
  private readonly aborter = new AbortController();

  constructor(
    private readonly services: RuntimeServices,
    private readonly port: Port<ToThread, FromThread>,
    /** Lets go of log and state. */
    private readonly end: () => Promise<void>,
  ) {
    port.onMessage((call) => void this.answer(call));
    void this.reportNowAndThen();
  }

  private async answer(call: ToThread): Promise<void> {
    const { id } = call;
    try {
      const value = await this.carryOut(call);
      this.report();
      this.port.post({ kind: 'answer', id, value });
    } catch (e) {
      this.port.post({ kind: 'failure', id, error: sendable(e) });
    }
  }

  private async carryOut(call: Call): Promise<unknown> {
    switch (call.kind) {
      case 'start': {
        const runner = new QueryRunner(this.services, call.spec);
        this.runners.set(call.spec.queryId, runner);
        if (call.paused) runner.pause();
        return runner.start();
      }
      case 'pause':
        return this.runners.get(call.queryId)?.pause();
      case 'resume':
        return this.runners.get(call.queryId)?.resume(call.from);
      case 'stop':
        return this.remove(call.queryId)?.stop();
      case 'stateBytes':
        return this.services.state.bytes(call.queryId);
      case 'drop': {
        await this.remove(call.queryId)?.stop();
        return this.services.state.dropQuery(call.queryId);
      }
      case 'open': {
        const codec = new RowCodec(call.read.columns.map((c) => c.type));
        const { read, reader, partitions } = call;
        const runner = this.runners.get(read.queryId);
        if (runner === undefined)
          throw new WeirError('NOT_READY', `Query ${read.queryId} does not run on this thread.`);
        this.cursors.set(call.cursor, { rows: runner.openPartitions(read, reader, partitions), codec });
        return undefined;
      }
      case 'next':
        return this.next(call.cursor);
      case 'close': {
        const cursor = this.cursors.get(call.cursor);
        this.cursors.delete(call.cursor);
        return cursor?.rows.return(undefined).then(() => undefined);
      }
      case 'end': {
        this.aborter.abort(new Error('the thread ends'));
        await Promise.all([...this.runners.values()].map((r) => r.stop()));
        return this.end();
      }
    }
  }

  private async next(id: number): Promise<SentRows | null> {
    const cursor = this.cursors.get(id);
    if (cursor === undefined) throw new WeirError('INTERNAL', `There is no read ${id} on this thread`);
    const step = await cursor.rows.next();
    if (step.done !== true) {
      const out = new ByteWriter();
      const ends = step.value.map((row) => {
        cursor.codec.encode(row, out);
        return out.length;
      });
      return { bytes: new Uint8Array(out.toBuffer()), ends };
    }
    this.cursors.delete(id);
    return null;
  }

  private remove(queryId: string): QueryRunner | undefined {
    const runner = this.runners.get(queryId);
    this.runners.delete(queryId);
    return runner;
  }

  private async reportNowAndThen(): Promise<void> {
    const { clock } = this.services;
    const { signal } = this.aborter;
    while (!signal.aborted) {
      this.report();
      // Only the end of the thread cuts the pause short.
      await clock.sleep(REPORT_MS, signal).catch(() => {});
    }
  }

  private report(): void {
    this.port.post({ kind: 'report', queries: [...this.runners.values()].map(reportOf) });
  }
}

const reportOf = (runner: QueryRunner): QueryReport => ({
  status: runner.status(),
  placement: runner.placement,
  standbys: runner.standbys(),
  partitions: runner.allPartitions(),
  lastError: runner.lastError(),
  errors: runner.errors(),
});
