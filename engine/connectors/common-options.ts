import { boolean, list, milliseconds, oneOf, setting, text, whole } from '../base/setting.js';

/** Options that every connector of Weir's own has. Names that Kafka Connect has too mean the same. */
export const COMMON_OPTIONS = {
  class: setting('connector.class', text, undefined, 'The kind of connector.'),
  tolerance: setting(
    'errors.tolerance',
    oneOf('none', 'all'),
    'none',
    'What a bad record does where there is no dead-letter topic: none, the connector fails; all, the record is left out and counted.',
  ),
  deadLetterTopic: setting(
    'errors.deadletterqueue.topic.name',
    text,
    undefined,
    'Topic that gets bad records as they are, with reason and origin in headers. Created where it is missing.',
  ),
  retryBackoffMs: setting(
    'errors.retry.delay.max.ms',
    milliseconds,
    15_000,
    'The longest pause between attempts while the other side cannot be reached. Attempts have no end.',
  ),
};

/** Options that every sink has. */
export const SINK_OPTIONS = {
  from: setting('from', list, undefined, 'Streams and tables whose rows are written, separated by commas.'),
  topics: setting(
    'topics',
    list,
    undefined,
    'Topics whose records are written, instead of from. A stream or table over such a topic says what columns its records have.',
  ),
  offsetReset: setting(
    'auto.offset.reset',
    oneOf('earliest', 'latest'),
    'earliest',
    'Where a connector begins in a partition that it has not read before.',
    { aliases: ['consumer.override.auto.offset.reset'] },
  ),
  batchRows: setting('batch.size', whole({ least: 1, most: 100_000 }), 5000, 'Rows in one write, at most.', {
    aliases: ['max.poll.records'],
  }),
};

/** Options that every source has. */
export const SOURCE_OPTIONS = {
  into: setting('into', text, undefined, 'The stream or table whose topic gets the rows, in its formats.'),
  topic: setting(
    'topic',
    text,
    undefined,
    'The topic that gets the rows as JSON objects, instead of into. Created where it is missing.',
  ),
  partitions: setting(
    'topic.creation.default.partitions',
    whole({ least: 1 }),
    1,
    'Partitions of a topic that is made.',
  ),
  keyColumns: setting('key', list, undefined, 'Columns that become the key of records on a topic (not of into).'),
  keepsKey: setting(
    'key.in.value',
    boolean,
    true,
    'Whether the columns of the key stand in the value as well, on a topic (not of into).',
  ),
};
