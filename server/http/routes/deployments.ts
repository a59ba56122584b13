import type { FastifyInstance } from 'fastify';
import { type DeployOptions, type Script, WeirError } from '../../../engine/index.js';
import type { RouteContext } from '../app.js';

/** Files of one deployment. */
const MAX_FILES = 10_000;

/**
 * `POST /deployments/plan` and `POST /deployments` `{files: [{name, sql}], prune?}`: what `weir plan` and `weir apply` send.
 * Both answer `{"steps": […]}`; the first does nothing.
 */
export function deploymentRoutes(app: FastifyInstance, { engine, config }: RouteContext): void {
  const bodyLimit = Math.max(config.limits.maxBody, 32 * 1024 * 1024);
  app.post('/deployments/plan', { bodyLimit }, async (request) => {
    const { files, options } = readDeployment(request.body);
    return { steps: await engine.plan(files, options) };
  });
  app.post('/deployments', { bodyLimit }, async (request) => {
    const { files, options } = readDeployment(request.body);
    return { steps: (await engine.deploy(files, options)).steps };
  });
}

function readDeployment(body: unknown): { readonly files: readonly Script[]; readonly options: DeployOptions } {
  const { files, prune } = (body ?? {}) as { files?: unknown; prune?: unknown };
  if (!Array.isArray(files)) throw new WeirError('BAD_REQUEST', "Member 'files' must be a list of {name, sql}.");
  if (files.length > MAX_FILES)
    throw new WeirError('LIMIT_EXCEEDED', `At most ${MAX_FILES} files are deployed at once.`);
  if (prune !== undefined && typeof prune !== 'boolean') {
    throw new WeirError('BAD_REQUEST', "Member 'prune' must be true or false.");
  }
  const scripts = files.map((f: unknown, i): Script => {
    const { name, sql } = (f ?? {}) as { name?: unknown; sql?: unknown };
    if (typeof name !== 'string' || typeof sql !== 'string') {
      throw new WeirError('BAD_REQUEST', `File ${i} needs 'name' and 'sql', both text.`);
    }
    return { name, sql };
  });
  return { files: scripts, options: { prune: prune === true } };
}
