import type { Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Properties } from '../base/properties.js';
import { buildChain } from '../dataflow/chain.js';
import type { BadRecords, Counters } from '../dataflow/counters.js';
import { InputQueue, type TaskInput } from '../dataflow/input-queue.js';
import { LanedInput } from '../dataflow/laned-input.js';
import { changelogTopic, groupName, sourcesOf, storesOf, topicOf, transactionalId } from '../dataflow/names.js';
import type { QuerySettings } from '../dataflow/query-settings.js';
import { type CodecServices, operatorEnv, type RuntimeServices } from '../dataflow/runtime-services.js';
import type { CommittedOffset, GroupMember, LogWriter } from '../log/log.js';
import type { RestoreProgress } from '../observe/query-status.js';
import type { RecordPlace } from '../operators/operator.js';
import type { SourceNode, SubTopology } from '../plan/topology.js';
import type { StoreReader, TaskId } from '../stores/store.js';
import { DeadLetters, type Letter } from './dead-letter.js';
import type { QueryTopics } from './internal-topics.js';
import { JsonLetters } from './json-letters.js';
import { LargerRecords } from './larger-records.js';
import type { LostPositions } from './lost-positions.js';
import { restoreStore } from './restore.js';
import { Sweeper } from './sweeper.js';
import { Task, type TaskStore } from './task.js';

/** Clean groups that an aggregate of one task keeps in memory after a commit. */
const CACHE_ENTRIES = 100_000;

export interface TaskFactoryOptions {
  readonly services: RuntimeServices;
  readonly queryId: string;
  readonly properties: Properties;
  readonly settings: QuerySettings;
  readonly topics: QueryTopics;
  readonly counters: Counters;
  /** Of a RESUME … FROM. */
  readonly lost?: LostPositions | null;
  /** For slices and intervals; left out: that of the services. */
  readonly clock?: Clock;
  /** Whether more of a partition is on the log than its reader has given. */
  readonly behind: (topic: string, partition: number) => boolean;
}

/** Where the inputs of a task go on: as committed, or, behind a loss, where a first commit will say. */
interface Positions {
  readonly committed: readonly CommittedOffset[];
  readonly moved: readonly CommittedOffset[];
}

/** Opens the tasks of a query. */
export class TaskFactory {
  readonly group: string;
  private readonly larger: LargerRecords;

  constructor(private readonly options: TaskFactoryOptions) {
    this.larger = new LargerRecords(options.services, options.topics.internal);
    this.group = groupName(options.services.serviceId, options.queryId);
  }

  /**
   * From nothing to a task that stands where the last commit left it. In this order: the writer (which fences the former
   * owner and ends what it left open), the stores from their changelogs, the committed offsets.
   */
  async open(
    sub: SubTopology,
    partition: number,
    signal: AbortSignal,
    progress: (p: RestoreProgress) => void,
    member?: GroupMember,
  ): Promise<Task> {
    const { services, queryId, settings } = this.options;
    const { log, serviceId, state } = services;
    const id: TaskId = { queryId, subtopology: sub.id, partition };
    const transaction = transactionalId(serviceId, queryId, sub.id, partition);
    let task: Task | undefined;
    await this.larger.settled();
    const writer = await log.writer({
      clientId: transaction,
      refused: (record) => !this.larger.takes(record) && (task?.refused(record) ?? false),
      ...(settings.exactlyOnce ? { transactionalId: transaction } : {}),
      compression: settings.compression,
    });
    try {
      const stores = new Map<string, TaskStore & { readonly empty: boolean }>();
      for (const name of storesOf(sub)) {
        const changelog = log.kind === 'kafka' ? changelogTopic(serviceId, queryId, name) : null;
        if (changelog !== null) {
          await restoreStore({ log, state, task: id, store: name, changelog, signal, progress });
        }
        const empty = await isEmpty(state.reader(id, name));
        stores.set(name, { store: state.store(id, name), changelog, empty });
      }
      const topics = sourcesOf(sub, serviceId, queryId);
      const positions = await this.positions(topics, partition);
      signal.throwIfAborted();
      task = await this.build(id, sub, writer, stores, positions, member);
      return task;
    } catch (e) {
      try {
        await writer.close();
      } catch (closing) {
        services.logger.warn({ ...id, error: messageOf(closing) }, 'a writer did not close cleanly');
      }
      state.release(id);
      throw e;
    }
  }

  /** What the group has committed and is there: of what is lost a RESUME … FROM says where to go on. */
  private async positions(topics: readonly string[], partition: number): Promise<Positions> {
    const { services, lost = null } = this.options;
    const committed = (await services.log.committed(this.group, topics)).filter((c) => c.partition === partition);
    const moved: CommittedOffset[] = [];
    for (const { topic, offset, metadata = '' } of lost === null ? [] : committed) {
      const range = (await services.log.offsets(topic)).find((o) => o.partition === partition)!;
      const next = lost!.insteadOf(`${topic}/${partition}`, offset, range);
      if (next === undefined) continue;
      services.logger.warn({ topic, partition, lost: offset, next }, 'a query goes on where records are left');
      // Of a topic that was made anew nothing has been taken.
      moved.push({ topic, partition, offset: next, metadata: next > offset ? metadata : '' });
    }
    return { committed: committed.filter((c) => !moved.some((m) => m.topic === c.topic)), moved };
  }

  private async build(
    id: TaskId,
    sub: SubTopology,
    writer: LogWriter,
    stores: ReadonlyMap<string, TaskStore & { readonly empty: boolean }>,
    { committed, moved }: Positions,
    member: GroupMember | undefined,
  ): Promise<Task> {
    const { services, properties, settings, counters, topics } = this.options;
    const { serviceId, state } = services;
    const clock = this.options.clock ?? services.clock;
    const { queryId, partition } = id;
    let task: Task | undefined;
    const deadLetters = this.deadLetters();
    const env = operatorEnv({
      services,
      properties,
      context: counters.forTask(
        () => task?.streamTime ?? -1,
        deadLetters && badRecords(deadLetters, () => task, services.format),
      ),
      cached: settings.cached,
      cacheEntries: CACHE_ENTRIES,
      openStore: (ref) => stores.get(ref.name)!,
    });
    const chain = buildChain(sub, env, {
      source: (node) => topicOf(node, serviceId, queryId)!,
      target: (node) => {
        const name = topicOf(node, serviceId, queryId)!;
        const { subtopology } = id;
        const to = { name, partitions: topics.partitions.get(name)! };
        return node.kind === 'repartition' ? { ...to, origin: { subtopology, partition } } : to;
      },
    });
    services.chainBuilt?.(chain);
    for (const operator of chain.operators) await operator.prepare?.();
    const swept = chain.operators.flatMap(({ expiry }) =>
      expiry === undefined
        ? []
        : [{ expiry, store: stores.get(expiry.store)!.store, reader: state.reader(id, expiry.store) }],
    );
    const sweeper = new Sweeper(swept, clock, (e) =>
      services.logger.warn({ ...id, error: messageOf(e) }, 'expired state could not be removed'),
    );
    const inputs: TaskInput[] = [];
    for (const source of chain.sources) {
      const known = [...committed, ...moved].find((c) => c.topic === source.topic);
      const start = known?.offset ?? (await this.firstOffset(source.topic, partition, source.node));
      const writers = topics.writers.get(source.topic);
      inputs.push(
        writers === undefined
          ? new InputQueue(source, partition, start)
          : new LanedInput(source, partition, start, writers, known?.metadata ?? ''),
      );
    }
    task = new Task({
      id,
      group: this.group,
      chain,
      inputs,
      behind: (input) => this.options.behind(input.source.topic, input.partition),
      stores: [...stores.values()],
      sweeper,
      deadLetters,
      writer,
      reportRefused: (node, record) => counters.refused(node, record),
      state,
      schemas: services.schemas,
      clock,
      committed,
      ...(member === undefined ? {} : { member }),
      idleMs: settings.maxTaskIdleMs,
      maxDirtyBytes: settings.maxDirtyBytes,
    });
    return task;
  }

  private deadLetters(): DeadLetters | null {
    const { services, queryId, settings, topics } = this.options;
    const { deadLetterTopic, lateTopic, deadLetterEvaluation: evaluation } = settings;
    if (deadLetterTopic === null && lateTopic === null) return null;
    const topic = (name: string | null) => (name === null ? null : { name, partitions: topics.partitions.get(name)! });
    const { serviceId, clock } = services;
    return new DeadLetters({
      errors: topic(deadLetterTopic),
      evaluation,
      late: topic(lateTopic),
      serviceId,
      queryId,
      now: () => clock.now(),
    });
  }

  /** Where a partition without a committed offset begins: tables, and what the query wrote to itself, from the beginning on. */
  private async firstOffset(topic: string, partition: number, node: SourceNode): Promise<number> {
    const { services, settings } = this.options;
    const range = (await services.log.offsets(topic)).find((o) => o.partition === partition)!;
    const whole = node.internal || node.table || settings.offsetReset === 'earliest';
    return whole ? range.earliest : range.end;
  }
}

/** What fails while a record is processed is that record's; what fails at a commit is no one record's. */
function badRecords(
  deadLetters: DeadLetters,
  task: () => Task | undefined,
  format: CodecServices['format'],
): BadRecords {
  const placeOf = ({ source, partition, cursor }: InputQueue): RecordPlace => ({
    topic: source.topic,
    partition,
    offset: cursor.offset,
  });
  const letters = new Map<SourceNode, JsonLetters>();
  const readable = ({ source: { node }, cursor }: InputQueue): Letter => {
    let made = letters.get(node);
    if (made === undefined) letters.set(node, (made = new JsonLetters(node, format)));
    return made.read(cursor);
  };
  return {
    undecodable: (node, message, place) => deadLetters.undecodable(node, message, place),
    failed: (node, message) => {
      const current = task()?.current;
      if (current != null) deadLetters.failed(node, message, placeOf(current), current.cursor);
    },
    late: (node, message, why, row) => {
      const current = task()?.current;
      if (current == null) {
        deadLetters.lateRow(node, message, why, task()?.id.partition ?? 0, row);
        return;
      }
      const { internal } = current.source.node;
      deadLetters.late(node, message, why, placeOf(current), current.cursor, internal ? () => readable(current) : null);
    },
    unwritten: (node, message, row, { topic }) => {
      const current = task()?.current;
      if (current == null) deadLetters.unencodableRow(node, message, topic, row());
      else deadLetters.unencodable(node, message, placeOf(current), current.cursor);
    },
  };
}

async function isEmpty(reader: StoreReader): Promise<boolean> {
  for await (const _ of reader.range(undefined, undefined, { limit: 1 })) return false;
  return true;
}
