import {
  CLIENT_SETTINGS,
  clientSettingProblem,
  isKnownSetting,
  isSecret,
  SETTINGS,
  settingNamed,
  WeirError,
  WITHOUT_EFFECT,
  withoutPrefix,
} from '../engine/index.js';
import { didYouMean } from '../parser/index.js';
import { PROTECTING } from './ksqldb-server-settings.js';
import { SERVER_SETTINGS, serverSetting } from './server-settings.js';

/** Settings of other programs that a file for several of them may have. */
const OF_OTHERS = /^(confluent|java|log4j)\./;

/** Names that a misspelt one may have meant. */
const NAMES = [...SERVER_SETTINGS, ...SETTINGS, ...CLIENT_SETTINGS].flatMap((s) => s.names);

/**
 * Looks at everything that was set. A misspelt setting must not count as one that was left out: if it was meant to keep
 * people out, the door would be open.
 * @param where of a name: the file, the environment or the flag that set it, for messages
 * @returns the names that have no effect here, since they are ksqlDB's own or another program's
 * @throws WeirError BAD_REQUEST for a name that nobody reads or a value that does not fit; all of them in one message
 */
export function checkProperties(
  properties: Readonly<Record<string, string>>,
  where: (name: string) => string,
): readonly string[] {
  const problems: string[] = [];
  const unused: string[] = [];
  for (const [name, value] of Object.entries(properties)) {
    const known = serverSetting(name) ?? settingNamed(name);
    const problem = known?.problem(value);
    const protecting = PROTECTING.find((p) => name.startsWith(p.prefix));
    const shown = isSecret(name) ? '' : `, not '${value}'`;
    if (problem !== undefined) problems.push(`Setting ${name} ${problem}${shown} (${where(name)}).`);
    else if (protecting !== undefined) {
      problems.push(`Setting ${name} has no effect in Weir (${where(name)}). ${protecting.instead}`);
    } else if (known !== undefined || name.startsWith('ksql.schema.registry.ssl.')) continue;
    else if (WITHOUT_EFFECT.has(withoutPrefix(name)) || OF_OTHERS.test(name)) unused.push(name);
    else if (!isKnownSetting(name) || withoutPrefix(name).startsWith('ksql.')) {
      const near = didYouMean(name, NAMES);
      const hint = near === undefined ? 'docs/settings.md lists what there is.' : `Did you mean ${near}?`;
      problems.push(`There is no setting ${name} (${where(name)}). ${hint}`);
    } else {
      const refused = clientSettingProblem(withoutPrefix(name), value);
      if (refused !== undefined) problems.push(`Setting ${name} ${refused} (${where(name)}).`);
    }
  }
  if (problems.length > 0) throw new WeirError('BAD_REQUEST', problems.join(' '));
  return unused;
}
