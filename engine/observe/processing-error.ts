/**
 * One line of the processing log: a record that could not be read, an expression that failed, a row that could not be encoded,
 * a record that the log refused, one that came too late, a query that failed as a whole.
 */
export interface ProcessingError {
  readonly queryId: string;
  readonly kind: 'deserialization' | 'evaluation' | 'serialization' | 'production' | 'late' | 'failure';
  /** Node of the topology. */
  readonly node: string;
  readonly message: string;
  readonly topic: string | null;
  /** -1 where the record has no place yet. */
  readonly partition: number;
  readonly offset: number;
  /** What of the record could not be read or written. */
  readonly target?: 'key' | 'value' | undefined;
}

/** The record that an error is about; only while the call lasts. */
export interface ErrorRecord {
  /** The bytes that could not be read, or were refused; null where there are none. */
  bytes(): Uint8Array | null;
  /** The row, as JSON. */
  text(): string | null;
}

/** The latest processing errors of this node. */
export interface ErrorHistory {
  /** The oldest first. */
  entries(): readonly ProcessingEntry[];
  /** Lines that were not written to the topic, because they came too fast or the log was away. */
  readonly unwritten: number;
}

/**
 * One entry of the processing log, in ksqlDB's documented shape (reference "Processing Log"); `partition` and `offset` are
 * Weir's addition. Of `message` one struct is set: `deserializationError` (type 0), `recordProcessingError` (1),
 * `productionError` (2), `serializationError` (3) or `kafkaStreamsThreadError` (4: the query failed, and is tried again or is
 * in ERROR).
 */
export interface ProcessingEntry {
  readonly logger: string;
  /** WARN: a record that came too late. */
  readonly level: 'ERROR' | 'WARN';
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly message: {
    readonly type: 0 | 1 | 2 | 3 | 4;
    readonly deserializationError: {
      readonly target: 'key' | 'value' | null;
      readonly errorMessage: string;
      /** The bytes; only with `ksql.logging.processing.rows.include`. */
      readonly recordB64: string | null;
      readonly cause: readonly string[];
      readonly topic: string | null;
      readonly partition: number;
      readonly offset: number;
    } | null;
    readonly recordProcessingError: {
      readonly errorMessage: string;
      /** The row as JSON; only with `ksql.logging.processing.rows.include`. */
      readonly record: string | null;
      readonly cause: readonly string[];
      readonly partition: number;
      readonly offset: number;
    } | null;
    readonly productionError: { readonly errorMessage: string } | null;
    readonly serializationError: {
      readonly target: 'key' | 'value' | null;
      readonly errorMessage: string;
      /** The row as JSON; only with `ksql.logging.processing.rows.include`. */
      readonly record: string | null;
      readonly cause: readonly string[];
      readonly topic: string | null;
    } | null;
    readonly kafkaStreamsThreadError: {
      readonly errorMessage: string;
      readonly threadName: string;
      readonly cause: readonly string[];
    } | null;
  };
}
