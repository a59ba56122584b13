import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, parseProperties } from '../../server/config.js';

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

  it('refuses a name that nobody reads, saying which was meant and where it stands', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'weir-config-')), 'weir.properties');
    writeFileSync(file, 'weir.auth.uesrs=ann:secret\nconsumer.fetch.max.wait.ms=100\n');
    expect(() => loadConfig({}, {}, file)).toThrow(
      `There is no setting weir.auth.uesrs (in ${file}). Did you mean weir.auth.users?`,
    );
    expect(() => loadConfig({}, { KSQL_WEIR_AUTH_UESRS: 'ann:secret' })).toThrow(
      'There is no setting weir.auth.uesrs (in the environment: KSQL_WEIR_AUTH_UESRS). Did you mean weir.auth.users?',
    );
    expect(() => loadConfig({ 'ksql.quary.pull.table.scan.enabled': 'true', lisseners: 'http://x' }, {})).toThrow(
      'There is no setting ksql.quary.pull.table.scan.enabled (given as a flag). Did you mean ' +
        'ksql.query.pull.table.scan.enabled? There is no setting lisseners (given as a flag). Did you mean listeners?',
    );
    expect(() => loadConfig({ 'ksql.functions.collect_list.limits': '5' }, {})).toThrow(
      'Did you mean ksql.functions.collect_list.limit?',
    );
    expect(() => loadConfig({ 'fetch.max.byte': '5' }, {})).toThrow('Did you mean fetch.max.bytes?');
    expect(() => loadConfig({ something: 'else' }, {})).toThrow('docs/settings.md lists what there is.');
  });

  it('refuses values that do not fit, and shows no password', () => {
    const message = (name: string, value: string) => {
      try {
        loadConfig({ [name]: value }, {});
      } catch (e) {
        return (e as Error).message;
      }
      return null;
    };
    expect(message('weir.headless', 'yes')).toBe(
      "Setting weir.headless must be one of true, false, not 'yes' (given as a flag).",
    );
    expect(message('weir.auth.users', 'ann=hunter2')).toBe(
      'Setting weir.auth.users must be user:password pairs, separated by commas (given as a flag).',
    );
    expect(message('weir.headless', 'constructor')).toContain('must be one of true, false');
    expect(message('weir.log.level', 'verbose')).toContain(
      'must be one of trace, debug, info, warn, error, fatal, silent',
    );
    expect(message('ksql.heartbeat.window.ms', '3s')).toContain(
      "must be a whole number of milliseconds from 0 to 2147483647, not '3s'",
    );
    expect(message('auto.offset.reset', 'newest')).toContain("must be one of earliest, latest, not 'newest'");
    expect(message('ksql.streams.commit.interval.ms', 'often')).toContain('must be a whole number');
    expect(message('consumer.fetch.max.bytes', '5 MB')).toContain('must be a whole number of bytes');
    expect(message('weir.max.connections', '-1')).toContain('must be a whole number');
    expect(message('ksql.schema.registry.url', 'http//registry')).toContain('must be URLs');
    expect(message('ksql.schema.registry.basic.auth.user.info', 'ann')).toBe(
      'Setting ksql.schema.registry.basic.auth.user.info must be user:password (given as a flag).',
    );
    expect(message('ksql.advertised.listener', 'here')).toContain('must be a URL');
  });

  it("takes what is ksqlDB's, and says what has no effect; but not what keeps people out", () => {
    const c = loadConfig(
      { 'ksql.suppress.enabled': 'true', 'ksql.streams.state.dir': '/tmp/x', 'confluent.telemetry.enabled': 'false' },
      { KSQL_HEAP_OPTS: '-Xmx1g', KSQL_KSQL_EXTENSION_DIR: '/udfs' },
    );
    expect([...c.unused].sort()).toEqual([
      'confluent.telemetry.enabled',
      'ksql.extension.dir',
      'ksql.suppress.enabled',
    ]);
    expect(() => loadConfig({ 'authentication.method': 'BASIC' }, {})).toThrow(
      'Setting authentication.method has no effect in Weir (given as a flag). Name who may sign in with weir.auth.users',
    );
  });

  it('refuses what makes no sense, naming the setting', () => {
    expect(() => loadConfig({ listeners: 'nonsense' }, {})).toThrow('listeners');
    expect(() => loadConfig({ 'weir.max.connections': 'many' }, {})).toThrow(
      "weir.max.connections must be a whole number, not 'many'",
    );
  });
});
