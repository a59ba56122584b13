import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Catalog, DataSource } from '../catalog/index.js';
import type { Format } from '../formats/format.js';
import type { SchemaRegistry } from '../formats/registry/registry.js';
import type { Log } from '../log/log.js';
import type { ProcessingError } from '../observe/processing-error.js';
import type { RawRecord } from '../records/raw-record.js';

/** What connectors are run with; `server/main.ts` chooses it. */
export interface ConnectorServices {
  readonly serviceId: string;
  readonly log: Log;
  /** Throws BAD_STATEMENT for a format that is not there. */
  format(name: string): Format;
  /** Where decoders find schemas; undefined: there is no registry. */
  readonly schemas?: SchemaRegistry | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Streams and tables as they are now. */
  catalog(): Catalog;
  /** Encodes rows for a stream or table. Rejects with BAD_STATEMENT where nothing can be written into it. */
  rowWriter(source: DataSource): Promise<RowWriter>;
  /** See `TaskContext.allowedFolders`. */
  readonly allowedFolders: readonly string[];
  /** Puts secrets in the place of their names. @throws BAD_REQUEST for one that is not there or not allowed */
  secrets(config: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>;
  /** Bad records go there too; a call must not throw. */
  readonly processingLog?: ((error: ProcessingError) => void) | undefined;
}

/**
 * A row of JSON by the names of its columns, as a record of a stream or table; `deletes`: a tombstone with the row's key. Fields that
 * are no columns are left out. @throws BAD_REQUEST for a row that does not fit
 */
export type RowWriter = (row: string, deletes: boolean) => RawRecord;

/** What a connector has on the log is named so, with its `id`. All begins with `_weir-`, as what a query has does. */
export const connectorName = (serviceId: string, id: string): string => `_weir-${serviceId}-connector-${id}`;

/** The topic with the positions of a source, which is called so on the log. */
export const positionTopic = (owner: string): string => `${owner}-position`;
