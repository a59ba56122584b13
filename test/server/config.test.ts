import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, parseProperties } from '../../server/config.js';
import { SERVER_SETTINGS } from '../../server/settings.js';

describe('configuration', () => {
  it('reads .properties files', () => {
    const text = '# comment\n! other\n a = 1 \nb:2\nlong = x,\\\n   y\nempty\nescaped=a\\tb\\=c\n';
    expect(parseProperties(text)).toEqual({ a: '1 ', b: '2', long: 'x,y', empty: '', escaped: 'a\tb=c' });
  });

  it('takes flags over the environment over defaults', () => {
    const env = {
      KSQL_BOOTSTRAP_SERVERS: 'k:9092',
      KSQL_KSQL_SERVICE_ID: 'svc_',
      KSQL_LISTENERS: 'http://0.0.0.0:9000',
      HOME: '/x',
    };
    const c = loadConfig({ 'ksql.service.id': 'flag_' }, env);
    expect([c.bootstrapServers, c.serviceId, c.port, c.host]).toEqual(['k:9092', 'flag_', 9000, '0.0.0.0']);
    const d = loadConfig({}, {});
    expect([d.bootstrapServers, d.serviceId, d.port, d.ksqlVersion]).toEqual([undefined, 'default_', 8088, '0.29.0']);
  });

  it('has each setting that it reads in the table of settings, and no other', () => {
    const folder = join(import.meta.dirname, '../../server');
    const text = readdirSync(folder)
      .filter((f) => f.endsWith('.ts') && f !== 'settings.ts')
      .map((f) => readFileSync(join(folder, f), 'utf8'))
      .join('\n');
    const read = [...text.matchAll(/properties(?:\['|\.|, ')([a-z][a-z0-9.]*)/g)].map((m) => m[1]!);
    // A name that ends in a dot is a prefix, for settings of a client's.
    expect([...new Set(read)].filter((n) => !n.endsWith('.') && !SERVER_SETTINGS.some((s) => s.name === n))).toEqual(
      [],
    );
    expect(SERVER_SETTINGS.filter((s) => !text.includes(s.name)).map((s) => s.name)).toEqual([]);
  });

  it('refuses what makes no sense, naming the setting', () => {
    expect(() => loadConfig({ listeners: 'nonsense' }, {})).toThrow('listeners');
    expect(() => loadConfig({ 'weir.max.connections': 'many' }, {})).toThrow(
      "weir.max.connections must be a whole number, not 'many'",
    );
  });
});
