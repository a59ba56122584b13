import { createHash } from 'node:crypto';
import { WeirError } from '../base/errors.js';
import type { Properties } from '../base/properties.js';
import { decodesKey } from '../dataflow/chain.js';
import { isOfKey } from '../plan/nodes/rows.js';
import { factsOf } from '../plan/nodes.js';
import type { ResultNode, SourceNode, SubTopology, Topology } from '../plan/topology.js';
import { QUERY } from '../settings.js';
import { tokenOf } from './continuation.js';
import { resultOf } from './push-query.js';

/**
 * A push query without state over one topic: what it gives depends on the record at hand alone, so that it can be evaluated
 * once for all that ask the same, and go on from any place.
 */
export interface StatelessPlan {
  readonly topic: string;
  /** Without LIMIT: whoever reads the rows counts them. */
  readonly topology: Topology;
  readonly sub: SubTopology;
  readonly source: SourceNode;
  readonly result: ResultNode;
  readonly limit: number | null;
  /** WHERE on a table: what is not let through any more is a tombstone, if it has been given (`GivenKeys`). */
  readonly tracksGiven: boolean;
  readonly properties: Properties;
  /** Equal where the same bytes are decoded in the same way. */
  readonly sourceKey: string;
  /** Equal where the same rows are given, down to their tokens. */
  readonly evaluationKey: string;
  /** What a token says of the query that it goes on. */
  readonly fingerprint: string;
  /** Set: batches carry it. */
  readonly continuation: ((positions: readonly number[]) => string) | undefined;
}

/** Undefined where the query keeps state or reads several topics. */
export function statelessPlan(
  topology: Topology,
  properties: Properties,
  withTokens: boolean,
): StatelessPlan | undefined {
  const sub = topology.subtopologies[0]!;
  const sources = sub.nodes.filter((n): n is SourceNode => n.kind === 'source');
  const source = sources[0];
  if (source === undefined || sources.length > 1) return undefined;
  if (!sub.nodes.every((n) => factsOf(n).perRecord(n))) return undefined;
  const { limit } = resultOf(topology);
  const unlimited = withLimit(topology, null);
  const evaluated = Object.entries(properties)
    .filter(([name]) => isEvaluated(name))
    .sort();
  const { id: _, ...decoded } = source;
  const evaluationKey = JSON.stringify([unlimited, evaluated]);
  const fingerprint = createHash('sha256').update(evaluationKey).digest('base64url').slice(0, 16);
  return {
    topic: source.topic,
    topology: unlimited,
    sub: unlimited.subtopologies[0]!,
    source,
    result: resultOf(unlimited),
    limit,
    tracksGiven: sub.nodes.some((n) => n.kind === 'filter' && n.table && !isOfKey(n)),
    properties,
    sourceKey: JSON.stringify([decoded, decodesKey(sub, source), evaluated]),
    evaluationKey: `${withTokens}${evaluationKey}`,
    fingerprint,
    continuation: withTokens
      ? (offsets) => tokenOf({ query: fingerprint, topics: [{ topic: source.topic, offsets }] })
      : undefined,
  };
}

export const withLimit = (topology: Topology, limit: number | null): Topology => ({
  ...topology,
  subtopologies: topology.subtopologies.map((s) => ({
    ...s,
    nodes: s.nodes.map((n) => (n.kind === 'result' ? { ...n, limit } : n)),
  })),
});

/** Settings that decoding and evaluation look at; others say how a query is run. */
const isEvaluated = (name: string): boolean =>
  name.startsWith('ksql.functions.') || name === QUERY.failOnInvalidTimestamp.name;

/** Why a query that keeps state takes no token. */
export const noToken = (): WeirError =>
  new WeirError(
    'BAD_REQUEST',
    'A query that keeps state (GROUP BY, a join, HAVING) cannot be continued from a token.',
    'Make it a table or stream with CREATE … AS SELECT, and continue a SELECT from that.',
  );
