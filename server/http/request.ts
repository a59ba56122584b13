import type { RequestContext } from '../../engine/index.js';
import { WeirError } from '../../engine/index.js';

/** The body of `/ksql` and `/query` (and of a WebSocket query). Unknown members are tolerated, nulls count as absent. */
export interface KsqlBody {
  readonly sql: string;
  readonly context: RequestContext;
  /** The client asks for side messages. */
  readonly sideMessages: boolean;
}

const SIDE_MESSAGES = 'weir.side.messages';

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

function scalars(v: unknown, member: string): Record<string, string | number | boolean> {
  if (v === undefined || v === null) return {};
  if (!isObject(v)) throw new WeirError('BAD_REQUEST', `Member '${member}' of the request must be an object.`);
  const out: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(v)) {
    if (value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new WeirError('BAD_REQUEST', `Value of '${name}' in '${member}' must be text, a number or a boolean.`);
    }
    out[name] = value;
  }
  return out;
}

/** Where the parts of a request are, by endpoint. */
export interface BodyMembers {
  readonly sql: 'ksql' | 'sql';
  readonly properties: 'streamsProperties' | 'properties';
  readonly variables: 'sessionVariables' | 'variables';
}

export const KSQL_MEMBERS: BodyMembers = {
  sql: 'ksql',
  properties: 'streamsProperties',
  variables: 'sessionVariables',
};
export const QUERY_STREAM_MEMBERS: BodyMembers = {
  sql: 'sql',
  properties: 'properties',
  variables: 'sessionVariables',
};
/** Of `/ws/v1` and `/sse`. */
export const SUBSCRIBE_MEMBERS: BodyMembers = { sql: 'sql', properties: 'properties', variables: 'variables' };

/** @throws BAD_REQUEST */
export function readBody(body: unknown, members: BodyMembers): KsqlBody {
  if (!isObject(body)) throw new WeirError('BAD_REQUEST', 'The request needs a JSON object as its body.');
  const sql = body[members.sql];
  if (typeof sql !== 'string') {
    throw new WeirError('BAD_REQUEST', `Invalid JSON: member '${members.sql}' with the statements is missing.`);
  }
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(scalars(body[members.variables], members.variables))) {
    variables[name] = String(value);
  }
  const properties = scalars(body[members.properties], members.properties);
  const { requestProperties } = body;
  if (isObject(requestProperties) && typeof requestProperties[TOKEN] === 'string') {
    properties[TOKEN] = requestProperties[TOKEN];
  }
  if (isObject(requestProperties) && isTrue(requestProperties[SKIP_FORWARDING])) properties[SKIP_FORWARDING] = true;
  const afterCommand = sequenceOf(body.commandSequenceNumber);
  return {
    sql,
    context: { properties, variables, ...(afterCommand === undefined ? {} : { afterCommand }) },
    sideMessages: [properties, requestProperties].some((p) => isObject(p) && isTrue(p[SIDE_MESSAGES])),
  };
}

/** A client that waits for its own command must not be answered before it because of a number that was not understood. */
function sequenceOf(v: unknown): number | undefined {
  if (v === undefined || v === null || v === '') return undefined;
  const n = typeof v === 'string' && /^-?\d+$/.test(v) ? Number(v) : v;
  if (!Number.isSafeInteger(n))
    throw new WeirError('BAD_REQUEST', "Member 'commandSequenceNumber' must be a whole number.");
  return n as number;
}

/** ksqlDB's name: a pull query is answered from this node alone. */
const SKIP_FORWARDING = 'request.ksql.query.pull.skip.forwarding';

const isTrue = (v: unknown): boolean => String(v).toLowerCase() === 'true';

/** ksqlDB's names: a push query gives tokens; it goes on behind the one that it is given. */
const TOKENS = 'ksql.query.push.v2.continuation.tokens.enabled';
const TOKEN = 'request.ksql.query.push.continuation.token';

/** A context with which a push query gives continuation tokens, and goes on behind `token`. */
export function resumable(context: RequestContext, token: string | undefined): RequestContext {
  const from = token === undefined ? {} : { [TOKEN]: token };
  return { ...context, properties: { [TOKENS]: 'true', ...context.properties, ...from } };
}
