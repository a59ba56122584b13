import { described, list, named, object, text } from '../../wire/json-schema.js';
import { type Endpoint, endpoint } from '../endpoint.js';
import { KSQL_BODY, readBody } from '../request.js';

/** What statements answer: one by one, in their order. */
export const ENTITIES = named(
  'Entities',
  list(
    named('Entity', {
      ...described(
        object({ '@type': text, statementText: text }, ['statementText']),
        'Further members by @type, as in ksqlDB.',
      ),
      additionalProperties: true,
    }),
  ),
);

/** `POST /ksql` */
export const KSQL: readonly Endpoint[] = [
  endpoint({
    method: 'POST',
    path: '/ksql',
    summary: 'Runs statements that are no queries. The whole script is checked before any of it runs.',
    body: KSQL_BODY.schema,
    answers: { 200: ENTITIES },
    handler:
      ({ engine }) =>
      async (request, reply) => {
        const body = readBody(request.body, KSQL_BODY);
        const entities = await engine.execute(body.sql, body.context);
        return reply.type('application/json').send(JSON.stringify(entities));
      },
  }),
];
