import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../engine/analyzer/index.js';
import { explainPlan, explainPull, planPull, planPush } from '../../engine/planner/index.js';
import { parseScript } from '../../parser/index.js';
import { Session } from '../analyzer/support.js';

/**
 * EXPLAIN goldens: every statement of `X.sql`, in order on one catalog, with all its stages in `X.golden`.
 * `npm test -- test/plans -u` writes them anew.
 */
const folder = dirname(fileURLToPath(import.meta.url));

function explainScript(text: string): string {
  const session = new Session();
  const parts: string[] = [];
  for (const statement of parseScript(text)) {
    const resolved = analyze(statement, session.context(text));
    const sql = 'sql' in resolved ? resolved.sql : '';
    if (resolved.kind === 'select') {
      if (resolved.mode === 'push') parts.push(explainPlan({ sql, resolved, ...planPush(resolved) }));
      else {
        const pull = planPull(resolved);
        const plan = explainPlan({
          sql,
          resolved,
          logical: null,
          topology: pull.kind === 'stream' ? pull.plan.topology : null,
        });
        parts.push(pull.kind === 'table' ? `${plan}\npull plan\n${indent(explainPull(pull.plan))}` : plan);
      }
      continue;
    }
    const plan = session.apply(resolved);
    parts.push(explainPlan({ sql, resolved, logical: plan?.logical ?? null, topology: plan?.topology ?? null }));
  }
  return `${parts.join('\n\n')}\n`;
}

const indent = (text: string): string => text.replace(/^/gm, '  ');

describe('EXPLAIN goldens', () => {
  const scripts = readdirSync(folder).filter((f) => f.endsWith('.sql'));
  it('has scripts', () => expect(scripts.length).toBeGreaterThan(0));
  for (const script of scripts) {
    it(script, async () => {
      const text = explainScript(readFileSync(join(folder, script), 'utf8'));
      await expect(text).toMatchFileSnapshot(join(folder, script.replace(/\.sql$/, '.golden')));
    });
  }
});
