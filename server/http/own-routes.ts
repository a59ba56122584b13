import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { EMPTY_CONTEXT, messageOf, type SqlType, WeirError } from '../../engine/index.js';
import {
  anything,
  described,
  flag,
  integer,
  list,
  map,
  object,
  oneOf,
  type Schema,
  text,
} from '../wire/json-schema.js';
import { OBJECT_ARRAY } from './answers.js';
import { type Endpoint, endpoint } from './endpoint.js';
import { bodyText, type JsonObject, rowsIn } from './json-rows.js';
import { JSON_TYPE } from './media.js';
import { literal } from './resource-query.js';
import { insertRows } from './routes/ingest.js';
import { rowsOf } from './routes/resources.js';

/** Paths of a user's own (`weir.routes.file`): data, of which endpoints are made. */

const TYPES = ['STRING', 'INTEGER', 'BIGINT', 'DOUBLE', 'BOOLEAN', 'DATE', 'TIME', 'TIMESTAMP'] as const;

interface ReadRoute {
  readonly method: 'GET';
  readonly path: string;
  readonly summary?: string;
  /** A pull query; `${name}` is the parameter of that name, of the path or behind the `?`. */
  readonly sql: string;
  readonly parameters?: Readonly<Record<string, (typeof TYPES)[number]>>;
  readonly settings?: Readonly<Record<string, string>>;
  /** The first row alone, as an object. */
  readonly single?: boolean;
  /** What is answered where there are no rows; left out: `[]`, or 404 of a single row. */
  readonly empty?: { readonly status: number; readonly body: unknown };
}

interface WriteRoute {
  readonly method: 'POST';
  readonly path: string;
  readonly summary?: string;
  /** A stream or table; or streams by the values of the field `by`. */
  readonly into: string | Readonly<Record<string, string>>;
  readonly by?: string;
  /** `echo`: what was sent, once it is durable; left out: how many rows there were. */
  readonly answer?: 'echo';
}

type Route = ReadRoute | WriteRoute;

const path: Schema = { type: 'string', pattern: '^/[\\w./:-]*$' };
const ROUTES: Schema = list({
  anyOf: [
    {
      ...object(
        {
          method: oneOf('GET'),
          path,
          summary: text,
          sql: text,
          parameters: map(oneOf(...TYPES)),
          settings: map(text),
          single: flag,
          empty: object({ status: integer, body: anything }),
        },
        ['summary', 'parameters', 'settings', 'single', 'empty'],
      ),
      additionalProperties: false,
    },
    {
      ...object(
        {
          method: oneOf('POST'),
          path,
          summary: text,
          into: { anyOf: [text, map(text)] },
          by: text,
          answer: oneOf('echo'),
        },
        ['summary', 'by', 'answer'],
      ),
      additionalProperties: false,
    },
  ],
});

/** The endpoints of a file; none where there is no file. @throws BAD_REQUEST for a file that says nothing that can be done */
export function ownRoutes(file: string | undefined): readonly Endpoint[] {
  if (file === undefined) return [];
  const bad = (why: string, cause?: unknown): WeirError =>
    new WeirError('BAD_REQUEST', `Setting weir.routes.file, ${file}: ${why}`, 'docs/rest.md has the form.', { cause });
  let routes: unknown;
  try {
    routes = JSON.parse(readFileSync(file, 'utf8'));
  } catch (e) {
    throw bad(messageOf(e), e);
  }
  const ajv = new Ajv2020({ allErrors: false });
  if (!ajv.validate(ROUTES, routes)) {
    const [error] = ajv.errors ?? [];
    throw bad(`route ${error?.instancePath ?? ''} ${error?.message ?? 'does not fit'}.`);
  }
  return (routes as readonly Route[]).map((route) => {
    if (route.method === 'GET') return reading(route);
    if (typeof route.into !== 'string' && route.by === undefined)
      throw bad(`route ${route.path} has streams, and no field by.`);
    return writing(route);
  });
}

interface Params {
  readonly Params: Readonly<Record<string, string>>;
  readonly Querystring: Readonly<Record<string, string>>;
}

const reading = ({ path: at, sql, parameters = {}, settings = {}, single, empty, summary }: ReadRoute): Endpoint =>
  endpoint<Params>({
    method: 'GET',
    path: at,
    summary: summary ?? 'A query of this service.',
    query: {
      ...object(Object.fromEntries(Object.keys(parameters).map((name) => [name, text])), Object.keys(parameters)),
      additionalProperties: anything,
    },
    answers: { 200: { types: { [JSON_TYPE]: single === true ? described(map(anything), 'A row.') : OBJECT_ARRAY } } },
    handler:
      ({ engine }) =>
      async (request, reply) => {
        const given: Readonly<Record<string, string>> = { ...request.query, ...request.params };
        const variables = Object.fromEntries(
          Object.entries(parameters).map(([name, kind]) => {
            const value = given[name];
            if (value === undefined) throw new WeirError('BAD_REQUEST', `The parameter ${name} is missing.`);
            return [name, literal(name, { kind } as SqlType, value)];
          }),
        );
        const rows = await rowsOf(await engine.openQuery(sql, { ...EMPTY_CONTEXT, properties: settings, variables }));
        reply.type(JSON_TYPE).header('cache-control', 'no-store');
        if (rows.length > 0) return reply.send(single === true ? rows[0]! : `[${rows.join(',\n')}]`);
        if (empty !== undefined) return reply.code(empty.status).send(JSON.stringify(empty.body));
        if (single === true) throw new WeirError('NOT_FOUND', 'There is no such row.');
        return reply.send('[]');
      },
  });

const writing = ({ path: at, into, by, answer, summary }: WriteRoute): Endpoint =>
  endpoint({
    method: 'POST',
    path: at,
    summary: summary ?? 'Rows for this service.',
    lines: { type: JSON_TYPE, schema: described({}, 'A JSON object, an array of objects, or an object a line.') },
    answers: { 200: anything },
    handler:
      ({ engine, config }) =>
      async (request, reply) => {
        const body = await bodyText(request.body, config.limits.maxBody);
        const rows = rowsIn(body);
        const { count } = await insertRows(engine, rows, (row, i) => target(row, i, into, by));
        if (answer === 'echo') return reply.type(JSON_TYPE).send(body);
        return { count };
      },
  });

function target(row: JsonObject, i: number, into: WriteRoute['into'], by: string | undefined): string {
  if (typeof into === 'string') return into;
  const value = row[by!];
  const stream = typeof value === 'string' && Object.hasOwn(into, value) ? into[value] : undefined;
  if (stream !== undefined) return stream;
  throw new WeirError('BAD_REQUEST', `Row ${i}: its field ${by} is none of ${Object.keys(into).join(', ')}.`);
}
