import {
  clientSettingProblem,
  isKnownSetting,
  SETTINGS,
  settingName,
  settingProblem,
  WeirError,
  WITHOUT_EFFECT,
} from '../engine/index.js';
import { didYouMean } from '../parser/index.js';
import { PROTECTING } from './ksqldb-server-settings.js';
import { SERVER_SETTINGS, serverSettingProblem } from './server-settings.js';

/** Settings of other programs that a file for several of them may have. */
const OF_OTHERS = /^(confluent|java|log4j)\./;

/** Settings whose values no message shows. */
const SECRET = /auth|password|user|jaas|secret|key/;

/** Names that a misspelt one may have meant. */
const NAMES = [...SERVER_SETTINGS, ...SETTINGS].map((s) => s.name);

/**
 * Looks at everything that was set. A setting that is misspelt must not be a setting that is left out: with one of those
 * that keep people out, the door would be open.
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
    const problem = serverSettingProblem(name, value) ?? settingProblem(name, value);
    const protecting = PROTECTING.find((p) => name.startsWith(p.prefix));
    const shown = SECRET.test(name) ? '' : `, not '${value}'`;
    if (problem !== undefined) problems.push(`Setting ${name} ${problem}${shown} (${where(name)}).`);
    else if (protecting !== undefined) {
      problems.push(`Setting ${name} has no effect in Weir (${where(name)}). ${protecting.instead}`);
    } else if (isServerSetting(name)) continue;
    else if (WITHOUT_EFFECT.has(settingName(name)) || OF_OTHERS.test(name)) unused.push(name);
    else if (!isKnownSetting(name)) {
      const near = didYouMean(name, NAMES);
      const hint = near === undefined ? 'docs/settings.md lists what there is.' : `Did you mean ${near}?`;
      problems.push(`There is no setting ${name} (${where(name)}). ${hint}`);
    } else if (!ofWeir.has(settingName(name))) {
      const refused = clientSettingProblem(settingName(name), value);
      if (refused !== undefined) problems.push(`Setting ${name} ${refused} (${where(name)}).`);
    }
  }
  if (problems.length > 0) throw new WeirError('BAD_REQUEST', problems.join(' '));
  return unused;
}

const ofWeir = new Set(SETTINGS.map((s) => s.name));
const serverNames = new Set(SERVER_SETTINGS.map((s) => s.name));

/** `ssl.*`: of the listeners where they are in the table, of Kafka's clients else. */
const isServerSetting = (name: string): boolean =>
  serverNames.has(name) || name.startsWith('ksql.schema.registry.ssl.');
