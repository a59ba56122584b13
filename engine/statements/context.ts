import type { Statement } from '../../parser/ast.js';
import type { SourceText } from '../../parser/source.js';
import type { Entity } from '../api/entities.js';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Catalog, Command } from '../catalog/index.js';
import type { CommandLog } from '../command-log/command-log.js';
import type { Connectors } from '../connectors/connectors.js';
import type { Format } from '../formats/format.js';
import type { SchemaRegistry } from '../formats/registry/registry.js';
import type { FunctionConfig } from '../functions/function.js';
import type { FunctionRegistry } from '../functions/registry.js';
import type { Log } from '../log/log.js';
import type { Produced, RawRecord } from '../records/raw-record.js';
import type { Peers, Runtime } from '../runtime.js';
import type { Settings } from '../settings.js';

/** What statements work on: the engine's parts. */
export interface EngineParts {
  readonly log: Log;
  readonly commandLog: CommandLog;
  readonly runtime: Runtime;
  readonly connectors: Connectors;
  readonly functions: FunctionRegistry;
  /** Throws BAD_STATEMENT for a format that is not there. */
  format(name: string): Format;
  readonly registry: SchemaRegistry;
  /** What functions may ask of the world, for constants. */
  readonly functionConfig: FunctionConfig;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly serviceId: string;
  /** The other nodes of the service; undefined: this one is alone. */
  readonly peers?: Peers | undefined;
  produce(topic: string, records: readonly RawRecord[]): Promise<Produced>;
  /** Push queries that run on this node, for SHOW QUERIES. */
  pushQueries(): readonly { readonly id: string; readonly sql: string }[];
  /** Ends a push query of this node; false where there is none with that id. */
  closeQuery(id: string): Promise<boolean>;
}

/** The settings and variables of one request; SET, UNSET, DEFINE and UNDEFINE change them for the statements behind. */
export interface RequestSession {
  readonly properties: Map<string, string>;
  readonly variables: Map<string, string>;
}

/** One statement of a request. */
export interface StatementContext {
  readonly parts: EngineParts;
  readonly session: RequestSession;
  /** The catalog that the statement sees: the live one, or the snapshot that a script is checked on. */
  readonly catalog: Catalog;
  /** Topics that statements before it in the checked script would have made, with their partitions. */
  readonly plannedTopics: Map<string, number>;
  readonly statement: Statement;
  /** The text that the statement's spans refer to. */
  readonly source: SourceText;
  /** The statement's own text, variables filled in. */
  readonly sql: string;
}

/**
 * A statement that has been checked against a catalog. On a snapshot, `command` is applied to it and nothing is run; else
 * `run` does what the statement says.
 */
export interface Prepared {
  readonly command?: Command;
  run(): Promise<Entity | undefined>;
}
