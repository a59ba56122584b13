import { expect, test } from 'vitest';
import { querySettings } from '../../engine/dataflow/query-settings.js';
import { Settings, settingNamed } from '../../engine/settings.js';

test('without a setting a query runs as the reference says', () => {
  const settings = querySettings({});
  const documented = (name: string) => settingNamed(name)!.default;
  expect(String(settings.maxDirtyBytes)).toBe(documented('cache.max.bytes.buffering'));
  expect(String(settings.commitIntervalMs)).toBe(documented('commit.interval.ms'));
  expect(settings.offsetReset).toBe(documented('auto.offset.reset'));
  expect(settings).toMatchObject({
    cached: true,
    exactlyOnce: true,
    threads: 1,
    maxTaskIdleMs: 0,
    compression: 'none',
  });
});

test.each([
  [{ 'statestore.cache.max.bytes': 0 }, { cached: false }],
  [{ 'ksql.streams.statestore.cache.max.bytes': '0' }, { cached: false }],
  [
    { 'statestore.cache.max.bytes': '3000000', 'cache.max.bytes.buffering': 0 },
    { cached: true, maxDirtyBytes: 3_000_000 },
  ],
  [{ 'cache.max.bytes.buffering': '1' }, { cached: true, maxDirtyBytes: 1024 * 1024 }],
  [{ 'max.task.idle.ms': '-1' }, { maxTaskIdleMs: -1 }],
  [{ 'producer.compression.type': 'zstd', 'compression.type': 'gzip' }, { compression: 'zstd' }],
  [{ 'processing.guarantee': 'at_least_once' }, { exactlyOnce: false }],
  [{ 'num.stream.threads': 1000 }, { threads: 64 }],
  [{ 'num.stream.threads': 0 }, { threads: 1 }],
])('%o', (properties, expected) => {
  expect(querySettings(properties)).toMatchObject(expected);
});

test.each([
  ['max.task.idle.ms', '-2', 'it must be a whole number from -1 on.'],
  ['commit.interval.ms', 'often', 'it must be a whole number of milliseconds.'],
  ['auto.offset.reset', 'newest', 'it must be one of earliest, latest.'],
])('%s=%s is refused', (name, value, message) => {
  expect(() => querySettings({ [name]: value })).toThrow(`Invalid value ${value} for property ${name}: ${message}`);
});

test('what is nearer counts more, whatever name it was set by', () => {
  const server = new Settings({ 'statestore.cache.max.bytes': '0', 'ksql.streams.commit.interval.ms': '9' });
  expect(server.overrides()).toEqual({ 'cache.max.bytes.buffering': '0', 'commit.interval.ms': '9' });
  const own = server.with(new Map([['cache.max.bytes.buffering', '5']]));
  expect(own.overrides()).toEqual({ 'cache.max.bytes.buffering': '5', 'commit.interval.ms': '9' });
});
