import type { AlterSystem, Define, SetProperty, Undefine, UnsetProperty } from '../../parser/ast.js';
import { didYouMean } from '../analyzer/errors.js';
import { WeirError } from '../base/errors.js';
import { withoutPrefix } from '../base/setting.js';
import { clientSettingProblem } from '../log/kafka/client-settings.js';
import { checkSetting, isKnownSetting, ownName, SETTINGS, takesEffect } from '../settings.js';
import type { Prepared, StatementContext } from './context.js';
import type { KindsOf, StatementFacts } from './kind.js';
import { command, commandId } from './logged-command.js';
import { warning } from './warning.js';

/** SET, UNSET, DEFINE and UNDEFINE hold for the statements behind them in the same request: a shell keeps its own. */
type SessionStatement = SetProperty | UnsetProperty | Define | Undefine;

async function sessionStatement(statement: SessionStatement, context: StatementContext): Promise<Prepared> {
  const { session } = context;
  switch (statement.kind) {
    case 'SetProperty':
      checkSet(statement);
      session.properties.set(ownName(statement.name), statement.value);
      if (!takesEffect(statement.name)) return warning(context, withoutEffect(statement));
      break;
    case 'UnsetProperty':
      session.properties.delete(ownName(statement.name));
      break;
    case 'Define':
      session.variables.set(statement.name.name.toLowerCase(), statement.value);
      break;
    case 'Undefine':
      session.variables.delete(statement.name.name.toLowerCase());
      break;
  }
  return { run: async () => undefined };
}

/** ksqlDB's scripts have such lines: they are no error, and not passed over in silence. */
function withoutEffect({ name, value }: SetProperty): string {
  const isClients = clientSettingProblem(withoutPrefix(name), value) === undefined;
  return isClients
    ? `'${name}' has no effect on a statement: a node's Kafka clients are made with its server's configuration. Set it there.`
    : `'${name}' has no effect: nothing in Weir reads it.`;
}

function checkSet({ name, value }: SetProperty | AlterSystem): void {
  if (!isKnownSetting(name)) {
    const near = didYouMean(
      name,
      SETTINGS.flatMap((s) => s.names),
    );
    throw new WeirError('BAD_STATEMENT', `Unknown property: ${name}`, near ?? 'SHOW PROPERTIES lists what can be set.');
  }
  checkSetting(name, value);
}

/** ALTER SYSTEM 'name'='value': for every node, for queries from now on. */
async function alterSystem(statement: AlterSystem, context: StatementContext): Promise<Prepared> {
  checkSet(statement);
  return command(
    context,
    { kind: 'alterSystem', name: ownName(statement.name), value: statement.value },
    {
      id: commandId('system', statement.name, 'alter'),
      message: `System property ${statement.name} was set to ${statement.value}.`,
    },
  );
}

const session = <S extends SessionStatement>(subject: (statement: S) => string): StatementFacts<S> => ({
  effect: 'session',
  subject,
  prepare: sessionStatement,
});

export const SESSION: KindsOf<'SetProperty' | 'UnsetProperty' | 'Define' | 'Undefine' | 'AlterSystem'> = {
  SetProperty: session((s) => `SET ${s.name}`),
  UnsetProperty: session((s) => `UNSET ${s.name}`),
  Define: session((s) => `DEFINE ${s.name.name}`),
  Undefine: session((s) => `UNDEFINE ${s.name.name}`),
  AlterSystem: { effect: 'writes', subject: () => 'ALTER SYSTEM', prepare: alterSystem },
};
