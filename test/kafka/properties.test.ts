import { expect, test } from 'vitest';
import { clientSettingProblem } from '../../engine/log/kafka/client-settings.js';
import { kafkaConfig } from '../../engine/log/kafka/index.js';

const read = (path: string): Buffer => Buffer.from(`contents of ${path}`);
const all = (properties: Record<string, string>) => kafkaConfig({ 'bootstrap.servers': 'a:1', ...properties }, read);
const of = (properties: Record<string, string>) => {
  const { roles: _, ...options } = all(properties);
  return options;
};

test('brokers, time-outs and what belongs to others', () => {
  const options = of({
    'bootstrap.servers': ' a:1 , b.example:9092,[::1]:3',
    'request.timeout.ms': '1000',
    'check.crcs': 'false',
    'ksql.service.id': 'x',
  });
  expect(options).toEqual({ brokers: ['a:1', 'b.example:9092', '[::1]:3'], requestTimeoutMs: 1000, checkCrcs: false });
});

test('what is set for consumers, producers or admin clients is theirs, with or without the prefix of Streams', () => {
  const { roles } = all({
    'request.timeout.ms': '1000',
    'consumer.request.timeout.ms': '2000',
    'ksql.streams.consumer.session.timeout.ms': '6000',
    'main.consumer.fetch.min.bytes': '5',
    'ksql.streams.max.partition.fetch.bytes': '100',
    'producer.transaction.timeout.ms': '9000',
    'ksql.streams.admin.request.timeout.ms': '3000',
  });
  expect(roles.consumer).toMatchObject({
    requestTimeoutMs: 2000,
    sessionTimeoutMs: 6000,
    fetchMinBytes: 5,
    partitionMaxBytes: 100,
  });
  expect(roles.producer).toMatchObject({ requestTimeoutMs: 1000, transactionTimeoutMs: 9000 });
  expect(roles.admin).toMatchObject({ requestTimeoutMs: 3000 });
  expect(roles.producer.sessionTimeoutMs).toBeUndefined();
});

test.each([
  ['consumer.session.timeout.ms', '6000', undefined],
  ['producer.acks', 'all', undefined],
  ['producer.acks', '1', 'is always all in Weir'],
  ['consumer.isolation.level', 'read_uncommitted', 'is always read_committed in Weir'],
  ['consumer.max.poll.records', '5', 'is none that'],
  ['producer.linger.ms', '5', 'is none that'],
  ['producer.session.timeout.ms', '5000', 'is a setting of consumers'],
  ['admin.retries', '5', 'is none that'],
  ['restore.consumer.fetch.max.bytes', '5000', undefined],
  ['request.timeout.ms', '5s', 'must be a whole number of milliseconds'],
  ['ssl.truststore.password', 'secret', undefined],
])('%s=%s reaches the client or is refused', (name, value, problem) => {
  if (problem === undefined) expect(clientSettingProblem(name, value)).toBeUndefined();
  else expect(clientSettingProblem(name, value)).toContain(problem);
});

test('SASL, with escapes in the JAAS line', () => {
  const jaas = String.raw`org.apache.kafka.common.security.scram.ScramLoginModule required username="al\"ice" password="p\\w;=1";`;
  const options = of({ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'SCRAM-SHA-512', 'sasl.jaas.config': jaas });
  expect(options.sasl).toEqual({ mechanism: 'scram-sha-512', username: 'al"ice', password: 'p\\w;=1' });
  expect(options.ssl).toEqual({});
  const plain = of({
    'security.protocol': 'sasl_plaintext',
    'sasl.mechanism': 'PLAIN',
    'sasl.jaas.config': 'x.PlainLoginModule required username=u password=p;',
  });
  expect(plain.sasl).toEqual({ mechanism: 'plain', username: 'u', password: 'p' });
  expect(plain.ssl).toBeUndefined();
});

test('TLS from PEM and PKCS12 files, and from the properties themselves', () => {
  const files = of({
    'security.protocol': 'SSL',
    'ssl.truststore.location': '/ca.pem',
    'ssl.keystore.location': '/client.p12',
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.password': 'secret',
  });
  expect(files.ssl).toEqual({ ca: read('/ca.pem'), pfx: read('/client.p12'), passphrase: 'secret' });
  const inline = of({
    'security.protocol': 'SSL',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': 'CA',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': 'KEY',
    'ssl.keystore.certificate.chain': 'CHAIN',
    'ssl.endpoint.identification.algorithm': '',
  });
  expect(inline.ssl).toMatchObject({ ca: 'CA', key: 'KEY', cert: 'CHAIN', checkServerIdentity: expect.any(Function) });
});

test.each([
  [{ 'bootstrap.servers': '' }, 'is missing'],
  [{ 'bootstrap.servers': 'host' }, "'host' is no host:port"],
  [{ 'security.protocol': 'TLS' }, 'must be one of PLAINTEXT'],
  [{ 'security.protocol': 'SASL_SSL' }, "'sasl.mechanism' is missing"],
  [{ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'GSSAPI' }, 'not supported'],
  [{ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' }, 'no username'],
  [{ 'security.protocol': 'SSL', 'ssl.truststore.location': '/trust.jks' }, 'JKS is not supported'],
  [{ 'session.timeout.ms': '10s' }, 'must be a whole number of milliseconds'],
])('what cannot be honoured is said: %o', (properties, message) => {
  expect(() => of(properties)).toThrow(message);
});
