import { explained, WeirError } from '../base/errors.js';
import { orAborted } from '../base/or-aborted.js';
import { type SettingValues, valuesOf } from '../base/setting.js';
import { type Catalog, type ConnectorDef, type DataSource, sourceNamed } from '../catalog/index.js';
import type { GroupMember, Log, MemberHandler, TopicPartition } from '../log/log.js';
import type { ResumeFrom } from '../persistent/lost-positions.js';
import { COMMON_OPTIONS, SINK_OPTIONS, SOURCE_OPTIONS } from './common-options.js';
import { ConnectorFailed, type ConnectorSpec, type SinkConnectorSpec, type SourceConnectorSpec } from './connector.js';
import type { ConnectorState, ConnectorStatus, ConnectorTaskStatus } from './connectors.js';
import { ownOptions } from './definition.js';
import { type ConnectorServices, connectorName, positionTopic } from './services.js';
import { SinkWorker } from './sink-worker.js';
import { SourceWorker } from './source-worker.js';
import type { ConnectorCounters, TaskWorker, WorkerOptions } from './worker.js';

const FIRST_BACKOFF_MS = 250;

/** A task's place: opened, failed and opened again, until its partition goes. */
interface Slot {
  /** Numbers the tasks of a connector: by topic, then by partition. */
  readonly id: number;
  readonly at: TopicPartition;
  readonly reads: TopicPartition | undefined;
  /** To end in order. */
  readonly stopping: AbortController;
  /** To commit nothing any more. */
  readonly leave: AbortController;
  state: ConnectorState;
  worker: TaskWorker | undefined;
  error: string | undefined;
  /** In a row, without anything written in between. */
  failures: number;
  over: Promise<void>;
}

/** A connector as its definition says, checked, its secrets filled in. */
interface Prepared {
  readonly topics: readonly string[];
  readonly common: SettingValues<typeof COMMON_OPTIONS>;
  readonly context: WorkerOptions['context'];
  worker(at: TopicPartition, options: Pick<WorkerOptions, 'opened' | 'progressed' | 'member'>): TaskWorker;
}

/**
 * One connector on one node: a member of the connector's group, with a task for each partition that the group gives it. A source's group
 * is about the one partition of its positions. What fails is tried again, with longer and longer pauses and without end, unless trying
 * cannot help: then it is FAILED until it is resumed.
 */
export class ConnectorRunner {
  private readonly counters: ConnectorCounters = { rows: 0, deadLetters: 0, skipped: 0, retries: 0 };
  private readonly owner: string;
  private readonly slots = new Map<string, Slot>();
  private aborter = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private joined = false;
  /** Why it does not run as a whole. */
  private failure: { readonly state: 'RETRYING' | 'FAILED'; readonly message: string } | undefined;
  private lost: ResumeFrom | undefined;
  private paused: boolean;
  /** It had the partition whose owner does what is to be done once. */
  private hadFirst = false;

  constructor(
    private readonly services: ConnectorServices,
    readonly def: ConnectorDef,
    private readonly spec: ConnectorSpec,
  ) {
    this.owner = connectorName(services.serviceId, def.id);
    this.paused = def.state === 'PAUSED';
  }

  start(from?: ResumeFrom): void {
    this.lost = from;
    this.paused = false;
    this.failure = undefined;
    this.aborter = new AbortController();
    this.running = this.supervise(this.aborter.signal);
  }

  /** Ends all tasks in order. */
  async stop(paused = false): Promise<void> {
    this.aborter.abort(new Error('the connector stops'));
    await this.running;
    this.paused = paused;
  }

  /** Stops, and removes what it has on the log and on the other side. */
  async drop(): Promise<void> {
    const alone = this.hadFirst || !this.joined;
    await this.stop();
    const { log } = this.services;
    if (alone) await this.left('the other side', () => this.dropped());
    if (this.spec.kind === 'SOURCE') {
      await this.left('positions', () => log.deleteTopics([positionTopic(this.owner)]));
    }
    await this.left('group', () => log.deleteGroup(this.owner));
  }

  status(): ConnectorStatus {
    const tasks = [...this.slots.values()].sort((a, b) => a.id - b.id).map((slot) => this.taskStatus(slot));
    return { state: this.state(tasks), tasks, error: this.failure?.message, ...this.counters };
  }

  private state(tasks: readonly ConnectorTaskStatus[]): ConnectorState {
    if (this.paused) return 'PAUSED';
    if (this.failure !== undefined) return this.failure.state;
    const worst = WORST_FIRST.find((state) => tasks.some((t) => t.state === state));
    return worst ?? (this.joined ? 'RUNNING' : 'STARTING');
  }

  private taskStatus({ id, reads, state, error, worker }: Slot): ConnectorTaskStatus {
    return { id, reads, state, error, lag: worker?.lag() };
  }

  /** Lives as long as the connector: runs it, and after a failure of the whole runs it again. */
  private async supervise(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      let most: number = COMMON_OPTIONS.retryBackoffMs.of({});
      try {
        const prepared = await orAborted(this.prepare(), signal);
        most = prepared.common.retryBackoffMs;
        await this.runOnce(prepared, signal, () => {
          failures = 0;
          this.failure = undefined;
        });
      } catch (e) {
        if (signal.aborted) return;
        const hopeless = isHopeless(e);
        this.failure = { state: hopeless ? 'FAILED' : 'RETRYING', message: textOf(e) };
        this.tell(e, hopeless ? 'a connector has failed' : 'a connector could not be started');
        if (hopeless) return;
        this.counters.retries++;
        await pause(this.services, ++failures, most, signal);
      }
    }
  }

  private async prepare(): Promise<Prepared> {
    const { services, def, spec, owner, counters } = this;
    const config = await services.secrets(def.config);
    const common = valuesOf(COMMON_OPTIONS, config);
    const context = {
      connector: def.name,
      serviceId: services.serviceId,
      options: ownOptions(spec, config) as never,
      clock: services.clock,
      logger: services.logger,
      allowedFolders: services.allowedFolders,
    };
    const base = { services, connector: def.name, owner, common, context, counters };
    if (spec.kind === 'SOURCE') return this.prepareSource(spec, config, base);
    return this.prepareSink(spec, config, base);
  }

  private async prepareSource(spec: SourceConnectorSpec, config: Readonly<Record<string, string>>, base: Base) {
    const options = valuesOf(SOURCE_OPTIONS, config);
    const into = options.into === undefined ? undefined : mustBe(this.services.catalog(), options.into);
    const topic = positionTopic(this.owner);
    await makePositions(this.services.log, topic);
    return {
      topics: [topic],
      ...base,
      worker: (_: TopicPartition, more: Pick<WorkerOptions, 'opened' | 'progressed' | 'member'>) =>
        new SourceWorker({ ...base, ...more, spec, options, into }),
    };
  }

  private async prepareSink(spec: SinkConnectorSpec, config: Readonly<Record<string, string>>, base: Base) {
    const options = valuesOf(SINK_OPTIONS, config);
    const catalog = this.services.catalog();
    const named = (options.from ?? []).map((name) => mustBe(catalog, name));
    const sources = [...catalog.sources.values()];
    const { log } = this.services;
    const over = new Map<string, DataSource | undefined>(named.map((s) => [s.topic.name, s]));
    for (const topic of options.topics ?? []) {
      if (!over.has(topic))
        over.set(
          topic,
          sources.find((s) => s.topic.name === topic),
        );
    }
    for (const topic of over.keys()) {
      if ((await log.describeTopic(topic)) === undefined) throw new Error(`There is no topic ${topic}.`);
    }
    return {
      topics: [...over.keys()],
      ...base,
      worker: ({ topic, partition }: TopicPartition, more: Pick<WorkerOptions, 'opened' | 'progressed' | 'member'>) => {
        const source = over.get(topic);
        return new SinkWorker({
          ...base,
          ...more,
          spec,
          options,
          over: source,
          partition,
          lost: this.lost,
          source: {
            name: source?.name ?? topic,
            topic,
            schema: source?.schema,
            kind: source?.kind ?? 'STREAM',
            windowed: source?.window != null,
          },
        });
      },
    };
  }

  private async runOnce(prepared: Prepared, signal: AbortSignal, ran: () => void): Promise<void> {
    const { services, owner } = this;
    let fail: (e: Error) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => {}); // the race below hears of it
    const member = services.log.member({ group: owner, clientId: owner, topics: prepared.topics, copartitioned: [] });
    try {
      await orAborted(Promise.race([member.join(this.handler(prepared, () => member, fail)), failed]), signal);
      this.joined = true;
      ran();
      await Promise.race([failed, ended(signal)]);
    } finally {
      this.joined = false;
      await this.leave(member);
    }
  }

  private async leave(member: GroupMember): Promise<void> {
    try {
      await member.leave();
    } catch (e) {
      this.tell(e, 'a connector could not leave its group in order');
    }
    await Promise.all([...this.slots.values()].map((slot) => this.release(slot)));
  }

  private handler(prepared: Prepared, member: () => GroupMember, failed: (e: Error) => void): MemberHandler {
    return {
      assigned: async (partitions) => {
        for (const at of partitions) this.open(at, prepared, member());
      },
      revoked: async (partitions) => {
        await Promise.all(this.slotsOf(partitions).map((slot) => this.release(slot)));
      },
      lost: (partitions) => {
        for (const slot of this.slotsOf(partitions)) {
          slot.leave.abort(new Error('another member has the partition'));
          void this.release(slot);
        }
      },
      failed,
    };
  }

  private open(at: TopicPartition, prepared: Prepared, member: GroupMember): void {
    const key = `${at.topic}/${at.partition}`;
    const before = this.slots.get(key)?.over ?? Promise.resolve();
    const first = at.partition === 0 && at.topic === prepared.topics[0];
    this.hadFirst ||= first;
    const slot: Slot = {
      id: this.spec.kind === 'SOURCE' ? 0 : prepared.topics.indexOf(at.topic) * 10_000 + at.partition,
      at,
      reads: this.spec.kind === 'SOURCE' ? undefined : at,
      stopping: new AbortController(),
      leave: new AbortController(),
      state: 'STARTING',
      worker: undefined,
      error: undefined,
      failures: 0,
      over: Promise.resolve(),
    };
    this.slots.set(key, slot);
    slot.over = before.then(() => this.work(slot, prepared, member));
  }

  private slotsOf(partitions: readonly TopicPartition[]): Slot[] {
    return partitions.flatMap(({ topic, partition }) => this.slots.get(`${topic}/${partition}`) ?? []);
  }

  private async release(slot: Slot): Promise<void> {
    slot.stopping.abort(new Error('the partition was given up'));
    await slot.over;
    const key = `${slot.at.topic}/${slot.at.partition}`;
    if (this.slots.get(key) === slot) this.slots.delete(key);
  }

  /** Opens the task, again and again, until it is to end. Never rejects. */
  private async work(slot: Slot, prepared: Prepared, member: GroupMember): Promise<void> {
    const { signal: stopping } = slot.stopping;
    const { signal: leave } = slot.leave;
    while (!stopping.aborted) {
      slot.state = slot.failures === 0 ? 'STARTING' : 'RETRYING';
      try {
        slot.worker = prepared.worker(slot.at, {
          member,
          opened: () => {
            slot.state = 'RUNNING';
            slot.error = undefined;
          },
          progressed: () => {
            slot.failures = 0;
            // It is for the loss that was met, not for later ones.
            this.lost = undefined;
          },
        });
        await slot.worker.run(stopping, leave);
        if (!stopping.aborted) slot.state = 'ENDED';
        return;
      } catch (e) {
        if (stopping.aborted) {
          this.tell(e, 'a task of a connector did not end in order');
          return;
        }
        const hopeless = isHopeless(e);
        slot.error = textOf(e);
        slot.state = hopeless ? 'FAILED' : 'RETRYING';
        this.tell(e, hopeless ? 'a task of a connector has failed' : 'a task of a connector will be tried again');
        if (hopeless) return;
        slot.failures++;
        this.counters.retries++;
        await pause(this.services, slot.failures, prepared.common.retryBackoffMs, stopping);
      }
    }
  }

  private async dropped(): Promise<void> {
    if (this.spec.dropped === undefined) return;
    const { context } = await this.prepare();
    await this.spec.dropped({ ...context, signal: AbortSignal.timeout(DROP_MS) });
  }

  /** The connector is gone for its user whatever remains; what remains is named. */
  private async left(what: string, remove: () => Promise<void>): Promise<void> {
    try {
      await remove();
    } catch (e) {
      this.services.logger.warn(
        { connector: this.def.name, what, error: textOf(e) },
        'left behind by a dropped connector',
      );
    }
  }

  private tell(e: unknown, what: string): void {
    this.services.logger.warn({ connector: this.def.name, error: textOf(e) }, what);
  }
}

type Base = Omit<WorkerOptions, 'opened' | 'progressed' | 'member'>;

const WORST_FIRST: readonly ConnectorState[] = ['FAILED', 'RETRYING', 'STARTING', 'RUNNING', 'ENDED'];
/** What the other side gets to take away what a dropped connector has kept there. */
const DROP_MS = 30_000;

/** Trying again cannot help: it says so, or an option or a secret is wrong. */
const isHopeless = (e: unknown): boolean =>
  e instanceof ConnectorFailed || (e instanceof WeirError && (e.code === 'BAD_REQUEST' || e.code === 'BAD_STATEMENT'));

function textOf(e: unknown): string {
  const message = explained(e);
  return e instanceof ConnectorFailed && e.hint !== undefined ? `${message} ${e.hint}` : message;
}

async function pause({ clock }: ConnectorServices, failures: number, most: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 20), most);
  await clock.sleep(ms, signal).catch(() => {}); // only a stop ends the pause early
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

function mustBe(catalog: Catalog, name: string): DataSource {
  const source = sourceNamed(catalog, name);
  if (source === undefined)
    throw new ConnectorFailed(`There is no stream or table ${name}.`, 'Create it, then resume the connector.');
  return source;
}

/** Another node may be faster. */
async function makePositions(log: Log, topic: string): Promise<void> {
  if ((await log.describeTopic(topic)) !== undefined) return;
  await log.createTopics([{ name: topic, partitions: 1, config: { 'retention.ms': '-1' } }]);
}
