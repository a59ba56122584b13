import type { RequestContext } from '../../engine/index.js';
import { PUSH, REQUEST } from '../../engine/index.js';
import {
  anything,
  described,
  exactInteger,
  flag,
  map,
  named,
  optional,
  orNull,
  type Schema,
  text,
} from '../wire/json-schema.js';
import { checked } from './validation.js';

/** What a body asks for. Unknown members are tolerated, nulls count as absent. */
export interface KsqlBody {
  readonly sql: string;
  readonly context: RequestContext;
  /** The client asks for side messages. */
  readonly sideMessages: boolean;
}

const SCALAR = { type: ['string', 'number', 'boolean', 'null'] };
const REQUEST_NAMES = Object.values(REQUEST).map((setting) => setting.name);
const scalars = (description: string): Schema => orNull(map(SCALAR, description));

/** The members that every such body may have beside its SQL. */
const COMMON = {
  requestProperties: orNull(
    described(
      {
        ...optional(Object.fromEntries(REQUEST_NAMES.map((name) => [name, SCALAR]))),
        additionalProperties: anything,
      },
      "'weir.side.messages': 'true' asks for side messages; others are tolerated.",
    ),
  ),
  // A number that was not understood is refused: else a client that waits for its own command would be answered before it.
  commandSequenceNumber: described(
    {
      ...exactInteger,
      type: ['integer', 'string', 'null'],
      pattern: '^(-?[0-9]{1,15})?$',
      'x-refused': 'must be a whole number',
    },
    'Waits until this command has been carried out, or fails with 50301.',
  ),
};

/** A body that names a query or statements: how it is checked, and where its parts are. */
export interface BodyShape {
  readonly schema: Schema;
  readonly sql: 'ksql' | 'sql';
  readonly properties: 'streamsProperties' | 'properties';
  readonly variables: 'sessionVariables' | 'variables';
}

const PROPERTIES = scalars('Settings for this query.');
const VARIABLES = scalars('Values of the variables in the statements, by name.');

/** Of `/ksql`, `/query` and `/ws/query`. */
export const KSQL_BODY: BodyShape = {
  schema: named('KsqlRequest', {
    ...optional({
      ksql: described(text, 'Statements, each with its semicolon.'),
      streamsProperties: scalars("Settings for this request, like SET: {'auto.offset.reset': 'earliest'}."),
      sessionVariables: VARIABLES,
      ...COMMON,
    }),
    required: ['ksql'],
  }),
  sql: 'ksql',
  properties: 'streamsProperties',
  variables: 'sessionVariables',
};

export const QUERY_STREAM_BODY: BodyShape = {
  schema: named('QueryStreamRequest', {
    ...optional({ sql: text, properties: PROPERTIES, sessionVariables: VARIABLES, ...COMMON }),
    required: ['sql'],
  }),
  sql: 'sql',
  properties: 'properties',
  variables: 'sessionVariables',
};

/** Of `/ws/v1` and `/sse`. */
export const SUBSCRIBE_BODY: BodyShape = {
  schema: named('SubscribeRequest', {
    ...optional({
      sql: text,
      properties: PROPERTIES,
      variables: VARIABLES,
      ...COMMON,
      continuation: orNull(text),
      progress: orNull(flag),
      shape: orNull({ ...text, enum: ['objects', null] }),
    }),
    required: ['sql'],
  }),
  sql: 'sql',
  properties: 'properties',
  variables: 'variables',
};

type Scalar = string | number | boolean;

const present = (values: unknown): [string, Scalar][] =>
  Object.entries((values ?? {}) as Readonly<Record<string, Scalar | null>>).filter(
    (entry): entry is [string, Scalar] => entry[1] !== null,
  );

/** What did not come as the body of an HTTP request. @throws BAD_REQUEST */
export const checkedBody = (body: unknown, shape: BodyShape): KsqlBody => readBody(checked(shape.schema, body), shape);

/** Of a body that fits its schema. */
export function readBody(body: unknown, shape: BodyShape): KsqlBody {
  const members = body as Readonly<Record<string, unknown>>;
  const properties = Object.fromEntries(present(members[shape.properties]));
  const given = Object.fromEntries(present(members.requestProperties));
  for (const { name } of [REQUEST.continuationToken, REQUEST.skipForwarding]) {
    if (given[name] !== undefined) properties[name] = given[name];
  }
  const variables = present(members[shape.variables]).map(([name, value]) => [name, String(value)]);
  const { commandSequenceNumber: after } = members;
  return {
    sql: members[shape.sql] as string,
    context: {
      properties,
      variables: Object.fromEntries(variables) as Record<string, string>,
      ...(after === undefined || after === null || after === '' ? {} : { afterCommand: Number(after) }),
    },
    sideMessages: [properties, given].some((p) => REQUEST.sideMessages.of(p)),
  };
}

/** A context with which a push query gives continuation tokens, and goes on behind `token`. */
export function resumable(context: RequestContext, token: string | undefined): RequestContext {
  const from = token === undefined ? {} : { [REQUEST.continuationToken.name]: token };
  return { ...context, properties: { [PUSH.tokens.name]: 'true', ...context.properties, ...from } };
}
