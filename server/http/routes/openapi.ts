import { anything, map, named, text } from '../../wire/json-schema.js';
import { DOCS_PAGE } from '../docs-page.js';
import { type Endpoint, endpoint } from '../endpoint.js';

const DOCUMENT = named('Document', map(anything, 'OpenAPI 3.1.'));

export const OPEN_API: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document.',
    answers: { 200: DOCUMENT },
    handler: (context) => () => context.openApi(),
  }),
  endpoint({
    method: 'GET',
    path: '/docs',
    summary: 'The same for people: a page.',
    answers: { 200: { types: { 'text/html': text } } },
    handler: () => (_request, reply) => reply.type('text/html; charset=utf-8').send(DOCS_PAGE),
  }),
];
