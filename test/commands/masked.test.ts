import { describe, expect, it } from 'vitest';
import { maskedText } from '../../engine/statements/index.js';
import { parseScript } from '../../parser/index.js';

const masked = (sql: string) => maskedText(parseScript(sql)[0]!, sql);

describe('what answers and logs show of a statement', () => {
  it('leaves the values of INSERT … VALUES out', () => {
    expect(masked('INSERT INTO users (id, `Name`) VALUES (1, \'Ada\' + "x");')).toBe(
      "INSERT INTO `USERS` (`ID`, `Name`) VALUES ('[value]', '[value]');",
    );
    expect(masked("INSERT INTO users VALUES (1, STRUCT(a := 'secret'), ARRAY['secret']);")).toBe(
      "INSERT INTO `USERS` VALUES ('[value]', '[value]', '[value]');",
    );
  });

  it('is the text of every other', () => {
    for (const sql of ['SHOW STREAMS;', "SELECT * FROM users WHERE name = 'Ada';"]) expect(masked(sql)).toBe(sql);
  });
});
