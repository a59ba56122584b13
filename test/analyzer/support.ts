import { type AnalyzerContext, analyze, type ResolvedStatement } from '../../engine/analyzer/index.js';
import { applyCommand, type Catalog, emptyCatalog } from '../../engine/catalog/index.js';
import { BUILT_IN_FUNCTIONS, FunctionRegistry } from '../../engine/functions/index.js';
import { type PersistentPlan, planPersistent } from '../../engine/planner/index.js';
import { parseScript, SourceText } from '../../parser/index.js';

const functions = new FunctionRegistry(BUILT_IN_FUNCTIONS);

export interface Step {
  readonly resolved: ResolvedStatement;
  readonly plan: PersistentPlan | null;
}

/** Runs a script on an empty catalog and gives what each statement became. */
export class Session {
  catalog: Catalog = emptyCatalog();
  properties: Record<string, string> = {};

  context(text: string): AnalyzerContext {
    return {
      catalog: this.catalog,
      functions,
      properties: this.properties,
      sourceText: new SourceText(text),
    };
  }

  run(text: string): readonly Step[] {
    return parseScript(text).map((statement) => {
      const resolved = analyze(statement, this.context(text));
      return { resolved, plan: this.apply(resolved) };
    });
  }

  apply(r: ResolvedStatement): PersistentPlan | null {
    switch (r.kind) {
      case 'createSource': {
        const plan = r.queryId === null ? null : planPersistent({ ...r, queryId: r.queryId });
        this.catalog = applyCommand(this.catalog, {
          kind: 'createSource',
          source: r.source,
          query: plan?.query ?? null,
          orReplace: r.orReplace,
          ifNotExists: r.ifNotExists,
        });
        return plan;
      }
      case 'createAs': {
        const plan = planPersistent(r);
        this.catalog = applyCommand(this.catalog, {
          kind: 'createAs',
          source: r.sink,
          query: plan.query,
          orReplace: r.orReplace,
          ifNotExists: r.ifNotExists,
        });
        return plan;
      }
      case 'insertInto': {
        const plan = planPersistent(r);
        this.catalog = applyCommand(this.catalog, { kind: 'insertInto', query: plan.query });
        return plan;
      }
      case 'alterSource':
        this.catalog = applyCommand(this.catalog, {
          kind: 'alterSource',
          name: r.source.name,
          sourceKind: r.source.kind,
          columns: r.columns,
          sql: r.sql,
        });
        return null;
      case 'dropSource':
        this.catalog = applyCommand(this.catalog, {
          kind: 'dropSource',
          name: r.name,
          sourceKind: r.sourceKind,
          ifExists: r.ifExists,
          deleteTopic: r.deleteTopic,
        });
        return null;
      case 'createType':
        this.catalog = applyCommand(this.catalog, {
          kind: 'createType',
          name: r.name,
          type: r.type,
          ifNotExists: r.ifNotExists,
        });
        return null;
      case 'dropType':
        this.catalog = applyCommand(this.catalog, { kind: 'dropType', name: r.name, ifExists: r.ifExists });
        return null;
      case 'controlQuery':
        this.catalog = applyCommand(this.catalog, { kind: r.action, queryId: r.queryId });
        return null;
      default:
        return null;
    }
  }
}
