import type { Chain } from '../../engine/dataflow/chain.js';
import type { LogWriter } from '../../engine/log/log.js';
import type { Operator } from '../../engine/operators/operator.js';
import type { StateDatabase, Store } from '../../engine/stores/store.js';
import type { CallFault, Faults } from './faults.js';

type Call = (...args: unknown[]) => unknown;

/** Replaces methods of an object by ones that throw when the seed says so: before their work, or when it is done. */
function breakable<T extends object>(object: T, faults: Faults, kind: CallFault, ...methods: (keyof T & string)[]): T {
  const calls = object as Record<string, Call | undefined>;
  for (const name of methods) {
    const original = calls[name];
    if (original === undefined) continue;
    calls[name] = (...args) => {
      const when = faults.ofCall(kind);
      const broken = () => {
        throw new Error(`${kind}: ${name}, ${when} its work`);
      };
      if (when === 'before') broken();
      const result = original.apply(object, args);
      if (when === undefined) return result;
      return result instanceof Promise ? result.then(broken) : broken();
    };
  }
  return object;
}

/** The steps of a task: reading, processing, flushing, handing over. */
export function breakableChain(chain: Chain, faults: Faults): void {
  for (const { reader } of chain.sources) breakable(reader, faults, 'reading a record throws', 'read');
  for (const operator of chain.operators) {
    breakable(operator as Operator, faults, 'a step throws', 'process', 'advance', 'prepare');
    breakable(operator as Operator, faults, 'a flush throws', 'flush');
    if ('left' in operator) breakable(operator.left as Operator, faults, 'a step throws', 'process');
    if ('right' in operator) breakable(operator.right as Operator, faults, 'a step throws', 'process');
  }
  for (const sink of chain.sinks) {
    const kind = 'a sink throws while it hands over';
    breakable(sink, faults, kind, 'drain');
    const { drain } = sink;
    sink.drain = (append) => drain((...batch) => breakable({ append }, faults, kind, 'append').append(...batch));
  }
}

export const breakableWriter = (writer: LogWriter, faults: Faults): LogWriter =>
  breakable(writer, faults, 'a writer throws', 'append', 'ready', 'flush', 'commit');

export function breakableState(state: StateDatabase, faults: Faults): StateDatabase {
  const open = state.store.bind(state);
  state.store = (task, name): Store =>
    breakable(open(task, name), faults, 'a store throws', 'get', 'put', 'delete', 'drain', 'databaseOps', 'committed');
  return breakable(state, faults, 'the state database throws', 'write', 'checkpoint', 'clear');
}
