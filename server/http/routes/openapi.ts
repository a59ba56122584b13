import { anything, map, named } from '../../wire/json-schema.js';
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
];
