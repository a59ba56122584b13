import { WeirError } from '../base/errors.js';
import type { SqlType } from '../values/sql-type.js';
import type { Value } from '../values/value.js';
import type {
  AggregateExample,
  AggregateImpl,
  AggregateOverload,
  ArgType,
  Example,
  FunctionConfig,
  FunctionDeclaration,
  ResolvedAggregate,
  ResolvedFunction,
  ReturnType,
  ScalarFn,
  ScalarOverload,
  TableOverload,
} from './function.js';
import { choose, type Match, printArgType } from './resolve.js';
import { parseSignature, printAlternative, printSigType, type Signature } from './signature.js';

export type FunctionKind = FunctionDeclaration['kind'];

interface Entry<O> {
  readonly signature: Signature;
  readonly returns: ReturnType | undefined;
  readonly overload: O;
}

type Overload = ScalarOverload | TableOverload | AggregateOverload;

interface Registered {
  readonly declaration: FunctionDeclaration;
  readonly displayName: string;
  readonly overloads: readonly Entry<Overload>[];
}

/** Throws a plain Error on a faulty declaration. */
function entriesOf(d: FunctionDeclaration): readonly Entry<Overload>[] {
  const seen = new Set<string>();
  return d.overloads.map((overload) => {
    const signature = parseSignature(overload.signature);
    if (signature.name !== d.name) throw new Error(`${overload.signature} stands under ${d.name}`);
    if (seen.has(signature.text)) throw new Error(`${signature.text} is declared twice`);
    seen.add(signature.text);
    return { signature, returns: overload.returns, overload };
  });
}

/** One line of SHOW FUNCTIONS. */
export interface FunctionSummary {
  readonly name: string;
  readonly kind: FunctionKind;
  readonly category: string;
}

/** DESCRIBE FUNCTION. */
export interface FunctionDescription extends FunctionSummary {
  readonly description: string;
  readonly examples: readonly (Example | AggregateExample)[];
  readonly overloads: readonly {
    /** `SUBSTRING(str STRING, pos INT) -> STRING` in full. */
    readonly signature: string;
    readonly description: string;
    readonly arguments: readonly {
      readonly name: string;
      readonly type: string;
      readonly variadic: boolean;
      readonly init: boolean;
    }[];
    readonly returnType: string;
  }[];
}

/**
 * All functions by name. Immutable: `with` gives a larger one. Names are looked up in upper case.
 * The resolving half serves the analyzer, the `…Impl` half serves whoever builds closures from a plan.
 */
export class FunctionRegistry {
  private readonly functions = new Map<string, Registered>();
  private readonly declarations: readonly FunctionDeclaration[];

  /** Throws a plain Error where a name is declared twice. */
  constructor(declarations: readonly FunctionDeclaration[]) {
    this.declarations = declarations;
    for (const d of declarations) this.add(d);
  }

  with(declarations: readonly FunctionDeclaration[]): FunctionRegistry {
    return new FunctionRegistry([...this.declarations, ...declarations]);
  }

  private add(d: FunctionDeclaration): void {
    if (this.functions.has(d.name)) throw new Error(`function ${d.name} is declared twice`);
    const displayName = d.displayName ?? (d.kind === 'aggregate' ? d.name : d.name.toLowerCase());
    let entries: readonly Entry<Overload>[] | undefined;
    this.functions.set(d.name, {
      declaration: d,
      displayName,
      // Signatures are parsed when a function is first asked for: a start needs few of them.
      get overloads() {
        entries ??= entriesOf(d);
        return entries;
      },
    });
  }

  has(name: string): boolean {
    return this.functions.has(name.toUpperCase());
  }

  kindOf(name: string): FunctionKind | undefined {
    return this.functions.get(name.toUpperCase())?.declaration.kind;
  }

  /** Names in upper case, in no order. */
  names(): Iterable<string> {
    return this.functions.keys();
  }

  /** All functions in order of their names. */
  list(): readonly FunctionSummary[] {
    return [...this.functions.values()]
      .map(({ declaration: d }) => ({ name: d.name, kind: d.kind, category: d.category }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws NOT_FOUND-like BAD_STATEMENT where there is no such function. */
  describe(name: string): FunctionDescription {
    const f = this.get(name);
    const d = f.declaration;
    return {
      name: d.name,
      kind: d.kind,
      category: d.category,
      description: d.description,
      examples: d.examples,
      overloads: f.overloads.map(({ signature: s, overload }) => ({
        signature: overload.signature,
        description: overload.description ?? '',
        arguments: s.params.map((p) => ({
          name: p.name ?? '',
          type: printSigType(p.type),
          variadic: p.variadic,
          init: p.init,
        })),
        returnType: printSigType(s.returns),
      })),
    };
  }

  /** Throws BAD_STATEMENT with ksqlDB's wording where no overload fits. */
  resolveScalar(name: string, args: readonly ArgType[]): ResolvedFunction {
    return resolved(this.pick(this.get(name, 'scalar'), args).match);
  }

  /** `type` is the type of one row. Throws as `resolveScalar` does. */
  resolveTable(name: string, args: readonly ArgType[]): ResolvedFunction {
    return resolved(this.pick(this.get(name, 'table'), args).match);
  }

  /** Throws as `resolveScalar` does. */
  resolveAggregate(name: string, args: readonly ArgType[]): ResolvedAggregate {
    const { overload, match } = this.pick(this.get(name, 'aggregate'), args);
    return { ...resolved(match), initFrom: match.initFrom, table: (overload as AggregateOverload).undo !== 'none' };
  }

  /** The function behind a resolved call. `args`: types after casts; a lambda's is the type of its body. */
  scalarImpl(
    name: string,
    overload: string,
    args: readonly SqlType[],
    result: SqlType,
    config: FunctionConfig,
  ): { readonly fn: ScalarFn; readonly nulls: 'propagate' | 'pass' } {
    const o = this.byText(name, overload, 'scalar') as ScalarOverload;
    return { fn: o.make({ args, result }, config), nulls: o.nulls };
  }

  tableImpl(
    name: string,
    overload: string,
    args: readonly SqlType[],
    result: SqlType,
    config: FunctionConfig,
  ): (...args: Value[]) => readonly Value[] | null {
    const o = this.byText(name, overload, 'table') as TableOverload;
    return o.make({ args, result }, config) as (...args: Value[]) => readonly Value[] | null;
  }

  /**
   * `args` are the types of the row arguments alone; `init` the constants behind them with their types; `undone` says whether
   * rows may be taken back.
   */
  aggregateImpl(
    name: string,
    overload: string,
    args: readonly SqlType[],
    init: readonly { readonly type: SqlType; readonly value: Value }[],
    result: SqlType,
    config: FunctionConfig,
    undone: boolean,
  ): AggregateImpl<unknown> {
    const o = this.byText(name, overload, 'aggregate') as AggregateOverload;
    const impl = o.make(
      { args, result, init: init.map((i) => i.type), undone },
      init.map((i) => i.value),
      config,
    );
    return impl as unknown as AggregateImpl<unknown>;
  }

  private get(name: string, kind?: FunctionKind): Registered {
    const f = this.functions.get(name.toUpperCase());
    if (f === undefined || (kind !== undefined && f.declaration.kind !== kind)) {
      throw new WeirError(
        'BAD_STATEMENT',
        `Can't find any functions with the name '${name}'`,
        'SHOW FUNCTIONS lists them all.',
      );
    }
    return f;
  }

  /** An overload by the text that a plan holds. A missing one means that the plan is of another version. */
  private byText(name: string, text: string, kind: FunctionKind): Overload {
    const f = this.get(name, kind);
    const found = f.overloads.find((o) => o.signature.text === text);
    if (found === undefined) {
      throw new WeirError(
        'INTERNAL',
        `Function '${name}' has no overload ${text}: was the query made by another version?`,
      );
    }
    return found.overload;
  }

  private pick(f: Registered, args: readonly ArgType[]): { readonly overload: Overload; readonly match: Match } {
    const choice = choose(f.overloads, args);
    if (choice.kind === 'one') return { overload: choice.overload.overload, match: choice.match };
    const types = args.map(printArgType).join(', ');
    const problem =
      choice.kind === 'none'
        ? `does not accept parameters (${types}).`
        : `cannot be resolved due to ambiguous method parameters (${types}).`;
    const alternatives = f.overloads.map((o) => printAlternative(o.signature, f.displayName));
    throw new WeirError(
      'BAD_STATEMENT',
      `Function '${f.displayName}' ${problem}\nValid alternatives are:\n${alternatives.join('\n')}\n` +
        'For detailed information on a function run: DESCRIBE FUNCTION <Function-Name>;',
    );
  }
}

const resolved = (m: Match): ResolvedFunction => ({
  overload: m.signature.text,
  paramTypes: m.paramTypes,
  lambdaParams: m.lambdaParams,
  type: m.type,
});
