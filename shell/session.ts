import { ServerError, type SessionState } from './client.js';

/** SET, UNSET, DEFINE and UNDEFINE live in the shell: every request takes them along. */

const unquote = (s: string) => s.replaceAll("''", "'");

/** Changes the session as a statement says; gives what is to be told. Undefined: it is none of these statements. */
export function changeSession(statement: string, { properties, variables }: SessionState): string | undefined {
  let m = /^SET\s+'((?:[^']|'')+)'\s*=\s*'((?:[^']|'')*)'\s*;$/i.exec(statement);
  if (m !== null) {
    const [name, value] = [unquote(m[1]!), unquote(m[2]!)];
    const before = properties[name];
    properties[name] = value;
    return `Successfully changed local property '${name}' ${before === undefined ? '' : `from '${before}' `}to '${value}'.${
      before === undefined ? ' Use the UNSET command to revert your change.' : ''
    }`;
  }
  m = /^UNSET\s+'((?:[^']|'')+)'\s*;$/i.exec(statement);
  if (m !== null) {
    const name = unquote(m[1]!);
    if (properties[name] === undefined)
      throw new ServerError(`Cannot unset local property '${name}' which was never set.`, undefined);
    const before = properties[name];
    delete properties[name];
    return `Successfully unset local property '${name}' (value was '${before}').`;
  }
  m = /^DEFINE\s+([A-Za-z_][A-Za-z0-9_]*)\s*=\s*'((?:[^']|'')*)'\s*;$/i.exec(statement);
  if (m !== null) {
    variables[m[1]!.toLowerCase()] = unquote(m[2]!);
    return '';
  }
  m = /^UNDEFINE\s+([A-Za-z_][A-Za-z0-9_]*)\s*;$/i.exec(statement);
  if (m !== null) {
    if (variables[m[1]!.toLowerCase()] === undefined)
      throw new ServerError(`Cannot undefine variable '${m[1]}' which was never defined.`, undefined);
    delete variables[m[1]!.toLowerCase()];
    return '';
  }
  return undefined;
}

/** SHOW VARIABLES, as the server would answer it. Undefined: it is another statement. */
export function shownVariables(statement: string, { variables }: SessionState): Record<string, unknown> | undefined {
  if (!/^(SHOW|LIST)\s+VARIABLES\s*;$/i.test(statement)) return undefined;
  return {
    '@type': 'variables',
    variables: Object.entries(variables).map(([name, value]) => ({ name, value })),
  };
}
