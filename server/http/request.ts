import type { RequestContext } from '../../engine/index.js';
import { PUSH, REQUEST, WeirError } from '../../engine/index.js';

/** The body of `/ksql` and `/query` (and of a WebSocket query). Unknown members are tolerated, nulls count as absent. */
export interface KsqlBody {
  readonly sql: string;
  readonly context: RequestContext;
  /** The client asks for side messages. */
  readonly sideMessages: boolean;
}

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
  const given = ownOf(body.requestProperties);
  for (const { name } of [REQUEST.continuationToken, REQUEST.skipForwarding]) {
    if (given[name] !== undefined) properties[name] = given[name];
  }
  const afterCommand = sequenceOf(body.commandSequenceNumber);
  return {
    sql,
    context: { properties, variables, ...(afterCommand === undefined ? {} : { afterCommand }) },
    sideMessages: [properties, given].some((p) => REQUEST.sideMessages.of(p)),
  };
}

/** Of `requestProperties`, which may have anything in it, what Weir knows. */
function ownOf(v: unknown): Record<string, string | number | boolean> {
  if (!isObject(v)) return {};
  const names = Object.values(REQUEST).map((s) => s.name);
  return scalars(Object.fromEntries(names.map((name) => [name, v[name] ?? null])), 'requestProperties');
}

/** A client that waits for its own command must not be answered before it because of a number that was not understood. */
function sequenceOf(v: unknown): number | undefined {
  if (v === undefined || v === null || v === '') return undefined;
  const n = typeof v === 'string' && /^-?\d+$/.test(v) ? Number(v) : v;
  if (!Number.isSafeInteger(n))
    throw new WeirError('BAD_REQUEST', "Member 'commandSequenceNumber' must be a whole number.");
  return n as number;
}

/** A context with which a push query gives continuation tokens, and goes on behind `token`. */
export function resumable(context: RequestContext, token: string | undefined): RequestContext {
  const from = token === undefined ? {} : { [REQUEST.continuationToken.name]: token };
  return { ...context, properties: { [PUSH.tokens.name]: 'true', ...context.properties, ...from } };
}
