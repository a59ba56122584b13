import { STATUS_CODES } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify';
import { ERROR } from '../wire/errors.js';
import { type NamedSchema, referring, type Schema } from '../wire/json-schema.js';
import { rawBodies } from './bodies.js';
import type { RouteContext } from './context.js';
import { JSON_TYPE } from './media.js';

/** Answers by status: a schema of JSON, or of each media type, or null where nothing is sent. */
type Answers = Readonly<Record<number, Schema | { readonly types: Readonly<Record<string, Schema>> } | null>>;

/**
 * What the server answers under one path, said once: fastify checks by it, signs in by it, and `/openapi.json` shows it.
 * `Request` says in TypeScript what the schemas say.
 */
export interface Endpoint<Request extends RouteGenericInterface = RouteGenericInterface> {
  readonly method: 'GET' | 'POST';
  /** `/status/:type` */
  readonly path: string;
  /** A sentence for `/openapi.json`. */
  readonly summary: string;
  /** Whoever may connect may ask; else who has signed in, where there are users. */
  readonly open?: true;
  /** What JSON comes as the body. */
  readonly body?: Schema;
  /** The body is lines of this media type, read as they come: its handler gets a stream, and checks what comes. */
  readonly lines?: { readonly type: string; readonly schema: Schema };
  /** What comes behind the `?`. */
  readonly query?: Schema;
  readonly answers: Answers;
  /** How refusals may also look, where the endpoint speaks another protocol. */
  readonly refusals?: Schema;
  /** Bytes of a body, where the endpoint takes more than others. */
  readonly bodyLimit?: (limit: number) => number;
  /** The handler is called also where the query does not fit, and finds `request.validationError`. */
  readonly refusesItself?: true;
  /** HEAD would begin what nobody reads. */
  readonly noHead?: true;
  handler(context: RouteContext): (request: FastifyRequest<Request>, reply: FastifyReply) => unknown;
}

/** An endpoint whose handler knows what its request has. */
export const endpoint = <Request extends RouteGenericInterface>(declared: Endpoint<Request>): Endpoint =>
  declared as unknown as Endpoint;

/** Registers endpoints with fastify. Throws where two of their schemas have one name. */
export function addEndpoints(app: FastifyInstance, endpoints: readonly Endpoint[], context: RouteContext): void {
  const know = (schema: NamedSchema): void => {
    const before = app.getSchema(schema.$id);
    if (before === undefined) app.addSchema(schema);
    else if (!isDeepStrictEqual(before, schema)) throw new Error(`Two schemas are called ${schema.$id}.`);
  };
  const documented = (schema: Schema): Schema => referring(schema, know);
  for (const declared of endpoints) {
    const { lines } = declared;
    const route = {
      method: declared.method,
      url: declared.path,
      schema: fastifySchema(declared, documented),
      config: { open: declared.open === true, endlessBody: lines !== undefined },
      ...(declared.bodyLimit === undefined ? {} : { bodyLimit: declared.bodyLimit(context.config.limits.maxBody) }),
      exposeHeadRoute: declared.method === 'GET' && declared.noHead !== true,
      attachValidation: declared.refusesItself === true,
      handler: declared.handler(context),
    };
    if (lines === undefined) app.route(route);
    else {
      app.register(async (scope) => {
        rawBodies(scope);
        scope.route({ ...route, validatorCompiler: () => () => true });
      });
    }
  }
}

function fastifySchema(
  { summary, open, body, lines, query, answers, refusals }: Endpoint,
  documented: (s: Schema) => Schema,
) {
  const content = (types: Readonly<Record<string, Schema>>) => ({
    content: Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema: documented(schema) }])),
  });
  const answerOf = ([status, answer]: [string, Answers[number]]) => {
    const about = { description: STATUS_CODES[status] ?? '' };
    if (answer === null) return [status, { ...about, type: 'null' }];
    const types = 'types' in answer ? (answer.types as Readonly<Record<string, Schema>>) : { [JSON_TYPE]: answer };
    return [status, { ...about, ...content(types) }];
  };
  const taken = lines?.schema ?? body;
  return {
    summary,
    ...(open === true ? { security: [] } : {}),
    ...(taken === undefined ? {} : { body: documented(taken) }),
    ...(lines === undefined ? {} : { consumes: [lines.type] }),
    ...(query === undefined ? {} : { querystring: documented(query) }),
    response: {
      ...Object.fromEntries(Object.entries(answers).map(answerOf)),
      default: {
        description: 'Refused or failed.',
        ...content({ [JSON_TYPE]: refusals === undefined ? ERROR : { anyOf: [ERROR, refusals] } }),
      },
    },
  };
}
