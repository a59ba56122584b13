import type { RequestContext } from '../../engine/index.js';
import { WeirError } from '../../engine/index.js';

/** The body of `/ksql` and `/query` (and of a WebSocket query). Unknown members are tolerated, nulls count as absent. */
export interface KsqlBody {
  readonly sql: string;
  readonly context: RequestContext;
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

/** Reads a body whose SQL is in `sqlMember` and whose properties are in `propertiesMember`. */
export function readBody(body: unknown, sqlMember: 'ksql' | 'sql', propertiesMember: string): KsqlBody {
  if (!isObject(body)) throw new WeirError('BAD_REQUEST', 'The request needs a JSON object as its body.');
  const sql = body[sqlMember];
  if (typeof sql !== 'string') {
    throw new WeirError('BAD_REQUEST', `Invalid JSON: member '${sqlMember}' with the statements is missing.`);
  }
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(scalars(body.sessionVariables, 'sessionVariables'))) {
    variables[name] = String(value);
  }
  const sequence = body.commandSequenceNumber;
  return {
    sql,
    context: {
      properties: scalars(body[propertiesMember], propertiesMember),
      variables,
      ...(typeof sequence === 'number' ? { afterCommand: sequence } : {}),
    },
  };
}
