import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import fastify from 'fastify';
import type { RouteContext } from './context.js';
import { addEndpoints, type Endpoint } from './endpoint.js';
import { SCHEMA_COMPILERS } from './validation.js';

/**
 * `/openapi.json`: the endpoints as fastify knows them. It is made when it is first asked for, by an instance of fastify
 * that answers nothing else. So it takes no time of a start, and no memory of a server that is not asked.
 */
export async function openApi(endpoints: readonly Endpoint[], context: RouteContext): Promise<object> {
  const options: FastifyDynamicSwaggerOptions = {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Weir',
        version: context.version,
        description: "Streaming SQL over HTTP, as ksqlDB's clients speak it.",
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } as { name: string },
      },
      components: { securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
      security: [{ basic: [] }, {}],
    },
    // Schemas are called by the names that they have in the code.
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
  };
  const app = fastify({ schemaController: SCHEMA_COMPILERS });
  app.register((await import('@fastify/swagger')).default, options);
  // Behind the plugin, which looks on.
  app.register(async (scope) => addEndpoints(scope, endpoints, context));
  await app.ready();
  return app.swagger();
}
