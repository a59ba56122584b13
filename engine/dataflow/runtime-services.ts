import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Properties } from '../base/properties.js';
import { compileSafe, literalValue } from '../expression/index.js';
import type { Format } from '../formats/format.js';
import type { SchemaRegistry } from '../formats/registry/registry.js';
import type { FunctionConfig } from '../functions/function.js';
import type { FunctionRegistry } from '../functions/registry.js';
import type { Log } from '../log/log.js';
import type { ErrorHistory, ErrorRecord, ProcessingError } from '../observe/processing-error.js';
import type { GivenKeys } from '../operators/given-keys.js';
import type { OperatorContext, OperatorEnv } from '../operators/operator.js';
import type { StoreRef } from '../plan/topology.js';
import { QUERY } from '../settings.js';
import type { StateDatabase, Store } from '../stores/store.js';
import type { Chain } from './chain.js';

/** What queries are built on; `server/main.ts` chooses it. */
export interface RuntimeServices {
  readonly serviceId: string;
  readonly log: Log;
  readonly state: StateDatabase;
  /** Throws BAD_STATEMENT for a format that is not there. */
  format(name: string): Format;
  readonly functions: FunctionRegistry;
  /** Where decoders find schemas; undefined: there is no registry. */
  readonly schemas?: SchemaRegistry | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** In [0, 1): for RANDOM(). */
  random(): number;
  uuid(): string;
  /** Where processing errors go, beside the counters; a call must not throw. */
  readonly processingLog?: (error: ProcessingError, record?: ErrorRecord) => void;
  /** What SHOW ERRORS reads. */
  readonly errorHistory?: ErrorHistory;
  /** The other nodes of the service; undefined: this one is alone, and has all state. `self`: where they reach this one. */
  readonly peers?: { readonly self: string } | undefined;
  /** Told of the steps of each task before the first record: for tests that make some of them fail. */
  readonly chainBuilt?: (chain: Chain) => void;
}

export type CodecServices = Pick<RuntimeServices, 'format' | 'functions' | 'random' | 'uuid' | 'schemas'> & {
  readonly clock: Pick<Clock, 'now'>;
};

export function functionConfig(services: CodecServices, properties: Properties): FunctionConfig {
  return {
    properties,
    now: () => services.clock.now(),
    random: services.random,
    uuid: services.uuid,
  };
}

export interface EnvOptions {
  readonly services: CodecServices;
  readonly properties: Properties;
  readonly context: OperatorContext;
  readonly cached: boolean;
  readonly cacheEntries: number;
  readonly given?: GivenKeys | undefined;
  /** Called once a store. */
  openStore(ref: StoreRef): { readonly store: Store; readonly empty: boolean };
}

/** Wires operators to the evaluator, the functions, the formats and the task's stores. */
export function operatorEnv(options: EnvOptions): OperatorEnv {
  const { services, context } = options;
  const config = functionConfig(services, options.properties);
  const stores = new Map<string, { readonly store: Store; readonly empty: boolean }>();
  return {
    evaluationError: (node, message, record) => context.evaluationError(node, message, record),
    skipped: (node, message, place) => context.skipped(node, message, place),
    late: (node, record, why) => context.late(node, record, why),
    stats: (node, kind) => context.stats(node, kind),
    unwritten: (node, message, record, place) => context.unwritten?.(node, message, record, place),
    streamTime: () => context.streamTime(),
    cached: options.cached,
    cacheEntries: options.cacheEntries,
    given: options.given,
    outerJoinEmitMs: QUERY.outerJoinEmitMs.of(options.properties),
    now: () => services.clock.now(),
    failOnInvalidTimestamp: QUERY.failOnInvalidTimestamp.of(options.properties),
    compile: (expr, node) =>
      compileSafe(expr, {
        functions: services.functions,
        config,
        onError: (message, record) => context.evaluationError(node, message, record),
      }),
    aggregate: (call, undone) =>
      services.functions.aggregateImpl(
        call.name,
        call.overload,
        call.args.map((a) => a.type),
        call.init.map((l) => ({ type: l.type, value: literalValue(l) })),
        call.type,
        config,
        undone,
      ),
    tableFunction: (call) =>
      services.functions.tableImpl(
        call.name,
        call.overload,
        call.args.map((a) => a.type),
        call.type,
        config,
      ),
    decoder: (ref, columns, needed, isKey) =>
      services.format(ref.name).decoder({ columns, needed, ref, isKey, schemas: services.schemas }),
    encoder: (ref, columns, isKey) =>
      services.format(ref.name).encoder({ columns, needed: columns.map((_, i) => i), ref, isKey }),
    store: (ref) => {
      let open = stores.get(ref.name);
      if (open === undefined) stores.set(ref.name, (open = options.openStore(ref)));
      return open;
    },
  };
}
