import kafkaErrors from 'kafkajs/src/protocol/error.js';
import { WeirError } from '../../base/errors.js';

/** Kafka's error codes (https://kafka.apache.org/protocol#protocol_error_codes) that the code names. */
export const CODE = {
  OFFSET_OUT_OF_RANGE: 1,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  MESSAGE_TOO_LARGE: 10,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  RECORD_LIST_TOO_LARGE: 18,
  ILLEGAL_GENERATION: 22,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  INVALID_TIMESTAMP: 32,
  TOPIC_ALREADY_EXISTS: 36,
  INVALID_CONFIG: 40,
  NOT_CONTROLLER: 41,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  INVALID_PRODUCER_EPOCH: 47,
  CONCURRENT_TRANSACTIONS: 51,
  SASL_AUTHENTICATION_FAILED: 58,
  GROUP_ID_NOT_FOUND: 69,
  MEMBER_ID_REQUIRED: 79,
  FENCED_INSTANCE_ID: 82,
  INVALID_RECORD: 87,
  PRODUCER_FENCED: 90,
  UNKNOWN_TOPIC_ID: 100,
} as const;

/** Newer codes than kafkajs's table has, with Kafka's own words. */
const NEWER: Readonly<Record<number, readonly [name: string, message: string]>> = {
  89: ['THROTTLING_QUOTA_EXCEEDED', 'The throttling quota has been exceeded'],
  90: ['PRODUCER_FENCED', 'There is a newer producer with the same transactional id'],
  100: ['UNKNOWN_TOPIC_ID', 'This server does not host this topic ID'],
  120: ['TRANSACTION_ABORTABLE', 'The server encountered an error with the transaction; it must be aborted'],
};

/**
 * Errors that go away by themselves: leaders and coordinators move, replicas lag, transactions end. 3 and 100 (topic
 * unknown) are among them because metadata spreads slowly: who retries them bounds the time.
 */
const RETRIABLE = new Set([
  3, 5, 6, 7, 8, 9, 13, 14, 15, 16, 19, 20, 41, 51, 56, 70, 71, 72, 74, 75, 78, 80, 88, 89, 100,
]);

/** Someone else has taken over: a producer with the same transactional id, or the group without this member. */
const FENCED = new Set([22, 25, 47, 82, 90]);

/** Passes where metadata has yet to spread, and never where the topic was deleted. */
const UNKNOWN_TOPIC = new Set<number>([CODE.UNKNOWN_TOPIC_OR_PARTITION, CODE.UNKNOWN_TOPIC_ID]);

/** The broker knows who we are and refuses, or refuses to know us. */
const DENIED = new Set([29, 30, 31, 33, 34, 53, 58, 61, 65]);

const ACL = "'kafka-acls' shows and grants them.";

const HINTS: Readonly<Record<number, string>> = {
  10: 'Raise max.message.bytes of the topic.',
  18: 'Raise segment.bytes of the topic.',
  32: 'Raise message.timestamp.after.max.ms (times ahead of the clock) or message.timestamp.before.max.ms of the topic.',
  87: 'A compacted topic (cleanup.policy) takes no record without a key.',
  29: `The principal lacks an ACL for the topic. ${ACL}`,
  30: `The principal lacks an ACL for the consumer group. ${ACL}`,
  31: `The principal lacks an ACL for the cluster. ${ACL}`,
  33: "Set 'sasl.mechanism' to one that the listener offers.",
  53: `The principal lacks an ACL for the transactional id (Write and Describe). ${ACL}`,
  58: "Check 'sasl.mechanism' and the username and password of 'sasl.jaas.config'.",
  23: 'Other members of the group use another assignor: give this node a group of its own.',
};

/** A failure of the log on Kafka: code LOG_ERROR, or KAFKA_DENIED where the login or an authorisation is refused. */
export class KafkaError extends WeirError {
  constructor(
    message: string,
    /** Kafka's error code; 0 where the connection failed and Kafka said nothing. */
    readonly kafkaCode: number,
    /** The same request may succeed later. */
    readonly retriable: boolean,
    /** Another has taken over: drop the work and commit nothing. */
    readonly fenced: boolean,
    options: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(DENIED.has(kafkaCode) ? 'KAFKA_DENIED' : 'LOG_ERROR', message, options.hint, { cause: options.cause });
    this.name = 'KafkaError';
  }

  /** Nothing is wrong with what was asked for: brokers cannot be reached, or are busy with themselves. */
  get away(): boolean {
    return this.retriable && !UNKNOWN_TOPIC.has(this.kafkaCode);
  }
}

/** The error for one of Kafka's codes; `what` was being done, e.g. `commit offsets of group g`. */
export function errorOfCode(code: number, what: string, detail?: string | null): KafkaError {
  const known = kafkaErrors.errorCodes.find((e) => e.code === code);
  const [name, message] = known ? [known.type, known.message] : (NEWER[code] ?? [`code ${code}`, 'unknown error']);
  const text = `Kafka could not ${what}: ${detail || message} (${name})`;
  return new KafkaError(text, code, RETRIABLE.has(code), FENCED.has(code), { hint: HINTS[code] });
}

/** @throws KafkaError unless the code is 0 */
export function check(code: number, what: string, detail?: string | null): void {
  if (code !== 0) throw errorOfCode(code, what, detail);
}

const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|UNABLE_|SELF_SIGNED|EPROTO)/;

/** An error of the connection: nothing is known about what the broker has done. */
export function connectionError(cause: unknown, what: string): KafkaError {
  if (cause instanceof KafkaError) return cause;
  const e = cause as { name?: string; message?: string; code?: number | string; type?: string };
  // A refused login is final; sockets, time-outs and unreachable hosts are not.
  const login = e.name === 'KafkaJSSASLAuthenticationError';
  const final = login || e.name === 'TypeError' || e.type !== undefined;
  const tls = typeof e.code === 'string' && TLS_CODE.test(e.code);
  const text = `Kafka could not ${what}: ${e.message ?? String(cause)}`;
  const kafkaCode = login ? CODE.SASL_AUTHENTICATION_FAILED : typeof e.code === 'number' ? e.code : 0;
  // A broker that restarts closes connections too: this one may pass.
  const inHandshake = /before secure TLS connection/.test(text);
  const hint = tls ? tlsHint(String(e.code)) : inHandshake ? NO_TLS : HINTS[kafkaCode];
  return new KafkaError(text, kafkaCode, !final && !tls, false, { cause, hint });
}

const NO_TLS = "Does the listener speak TLS? 'security.protocol' must be that of the listener.";

function tlsHint(code: string): string {
  if (/WRONG_VERSION|PACKET_LENGTH/.test(code)) return NO_TLS;
  if (/ALTNAME/.test(code)) {
    return "The certificate is for another host. An empty 'ssl.endpoint.identification.algorithm' switches the check off.";
  }
  if (/CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE/.test(code)) {
    return "The broker wants a client certificate that it trusts: set 'ssl.keystore.location', with 'ssl.keystore.password' where it has one.";
  }
  return "The broker's certificate is not trusted: name its authority in 'ssl.truststore.location' (PEM).";
}

export const isRetriable = (e: unknown): boolean => e instanceof KafkaError && e.retriable;

export const hasCode = (e: unknown, ...codes: readonly number[]): e is KafkaError =>
  e instanceof KafkaError && codes.includes(e.kafkaCode);

/** The error for a topic that is not there. */
export const noTopic = (topic: string, what: string): KafkaError =>
  errorOfCode(CODE.UNKNOWN_TOPIC_OR_PARTITION, what, `Topic ${topic} does not exist`);
