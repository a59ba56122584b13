import type { QueryStream } from '../api/engine-api.js';
import { WeirError } from '../base/errors.js';

/** The push and pull queries, and PRINTs, that clients of this node are reading. */
export class OpenQueries {
  private readonly open = new Map<string, { readonly stream: QueryStream; readonly sql: string }>();
  /** Those without an end, open or being opened. */
  private endless = 0;
  private stopped = false;

  constructor(private readonly maxEndless: number) {}

  /**
   * Opens a query with `make` and keeps it until it is closed. `endless`: it counts against the limit.
   * @throws TOO_MANY_QUERIES
   */
  async add(sql: string, endless: boolean, make: () => Promise<QueryStream>): Promise<QueryStream> {
    if (endless && this.endless >= this.maxEndless) {
      throw new WeirError(
        'TOO_MANY_QUERIES',
        `Maximum number of active queries (${this.maxEndless}) is reached on this node.`,
        'End one, or raise ksql.max.push.queries.',
      );
    }
    const release = endless ? this.count() : () => {};
    try {
      const stream = await make();
      if (this.stopped) {
        await stream.close();
        throw new WeirError('SHUTTING_DOWN', 'The server is shutting down.');
      }
      this.open.set(stream.queryId, { stream, sql });
      const close = stream.close.bind(stream);
      stream.close = async () => {
        this.open.delete(stream.queryId);
        release();
        await close();
      };
      return stream;
    } catch (e) {
      release();
      throw e;
    }
  }

  /** False where there is none with that id. */
  async close(queryId: string): Promise<boolean> {
    const query = this.open.get(queryId);
    await query?.stream.close();
    return query !== undefined;
  }

  /** Ends all of them; one that is still being opened ends as soon as it is open. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.open.values()].map((q) => q.stream.close()));
  }

  pushQueries(): readonly { readonly id: string; readonly sql: string }[] {
    return [...this.open].filter(([, q]) => q.stream.kind === 'push').map(([id, q]) => ({ id, sql: q.sql }));
  }

  /** Counts one; what it gives takes that back, once. */
  private count(): () => void {
    this.endless++;
    let counted = true;
    return () => {
      if (counted) this.endless--;
      counted = false;
    };
  }
}
