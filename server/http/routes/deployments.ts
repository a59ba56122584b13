import type { DeployOptions, Script } from '../../../engine/index.js';
import { described, flag, integer, list, named, object, oneOf, orNull, text } from '../../wire/json-schema.js';
import { type Endpoint, endpoint } from '../endpoint.js';

/** Files of one deployment. */
const MAX_FILES = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;

const DEPLOYMENT = named(
  'DeploymentRequest',
  object(
    {
      files: { ...list({ ...object({ name: text, sql: text }), title: 'file' }), maxItems: MAX_FILES },
      prune: described(flag, 'Drops what is in no file.'),
    },
    ['prune'],
  ),
);
const STEPS = named(
  'Steps',
  object({
    steps: list(
      object({
        action: oneOf('unchanged', 'create', 'replace', 'run', 'refused', 'extra', 'drop'),
        file: orNull(text),
        line: orNull(integer),
        subject: text,
        sql: text,
        was: orNull(text),
        reason: orNull(text),
        hint: orNull(text),
      }),
    ),
  }),
);

interface Deployment {
  readonly Body: { readonly files: readonly Script[] } & DeployOptions;
}

const shared = {
  method: 'POST',
  body: DEPLOYMENT,
  answers: { 200: STEPS },
  bodyLimit: (limit: number) => Math.max(limit, MAX_BYTES),
} as const;

/** What `weir plan` and `weir apply` send; the first does nothing. */
export const DEPLOYMENTS: readonly Endpoint[] = [
  endpoint<Deployment>({
    ...shared,
    path: '/deployments/plan',
    summary: 'What deploying these files would do.',
    handler:
      ({ engine }) =>
      async ({ body: { files, prune } }) => ({ steps: await engine.plan(files, { prune: prune === true }) }),
  }),
  endpoint<Deployment>({
    ...shared,
    path: '/deployments',
    summary: 'Deploys files; nothing is done where a statement is refused.',
    handler:
      ({ engine }) =>
      async ({ body: { files, prune } }) => ({ steps: (await engine.deploy(files, { prune: prune === true })).steps }),
  }),
];
