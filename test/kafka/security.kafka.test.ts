import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tlsFetch } from '../../engine/formats/registry/tls-fetch.js';
import { KafkaLog, kafkaConfig, tlsConfig } from '../../engine/log/kafka/index.js';
import { errorBody } from '../../server/wire/errors.js';
import { batchOf, collect, values, withReader } from '../contract/log-support.js';
import { makeDir, removeDir } from '../support/temp.js';
import { type Broker, describeKafka, run, startBroker, uniqueName } from './support/broker.js';
import { type Certificates, makeCertificates, missingOpenssl, STORE_PASSWORD } from './support/tls.js';

const JAAS = 'org.apache.kafka.common.security';
const USERS = { alice: 'alice-secret', mallory: 'mallory-secret' };

/** A broker that asks who one is, and what one may do: alice may everything on topics `a-…`, mallory nothing. */
describeKafka('a broker with TLS, logins and ACLs', () => {
  const missing = missingOpenssl();
  if (missing !== undefined) {
    test.skip(`skipped: ${missing}`, () => {});
    return;
  }
  let folder: string;
  let broker: Broker;
  let certificates: Certificates;
  const logs: KafkaLog[] = [];

  beforeAll(async () => {
    folder = makeDir('security-');
    certificates = await makeCertificates(folder);
    const login = (mechanism: string, module: string, rest = '') => [
      `listener.name.sasl_ssl.${mechanism}.sasl.jaas.config`,
      `${JAAS}.${module} required${rest};`,
    ];
    broker = await startBroker({
      listeners: ['SASL_SSL', 'SSL'],
      scramUsers: USERS,
      config: {
        'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512,PLAIN',
        ...Object.fromEntries([
          login('scram-sha-256', 'scram.ScramLoginModule'),
          login('scram-sha-512', 'scram.ScramLoginModule'),
          login('plain', 'plain.PlainLoginModule', ' user_alice="plain-secret"'),
        ]),
        'ssl.keystore.type': 'PKCS12',
        'ssl.keystore.location': certificates.serverStore,
        'ssl.keystore.password': STORE_PASSWORD,
        'ssl.key.password': STORE_PASSWORD,
        'ssl.truststore.type': 'PKCS12',
        'ssl.truststore.location': certificates.trustStore,
        'ssl.truststore.password': STORE_PASSWORD,
        'listener.name.ssl.ssl.client.auth': 'required',
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        // The test sets things up, and the broker talks to itself, on the plain listener, where everybody is ANONYMOUS.
        'super.users': 'User:ANONYMOUS;User:CN=client',
      },
    });
    await acl(
      '--allow-principal',
      'User:alice',
      '--operation',
      'All',
      '--resource-pattern-type',
      'prefixed',
      '--topic',
      'a-',
    );
    await acl(
      '--allow-principal',
      'User:alice',
      '--operation',
      'All',
      '--resource-pattern-type',
      'prefixed',
      '--group',
      'a-',
    );
    await acl(
      '--allow-principal',
      'User:alice',
      '--operation',
      'All',
      '--resource-pattern-type',
      'prefixed',
      '--transactional-id',
      'a-',
    );
    await acl('--allow-principal', 'User:alice', '--operation', 'IdempotentWrite', '--cluster');
  });
  afterAll(async () => {
    for (const log of logs) await log.close();
    await broker?.stop();
    if (folder !== undefined) removeDir(folder);
  });

  const acl = (...args: string[]) =>
    run('java', [
      '-Xmx96m',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      `${broker.libs}/*`,
      'org.apache.kafka.tools.AclCommand',
      '--bootstrap-server',
      broker.bootstrap,
      '--add',
      ...args,
    ]);

  /** A log by the settings of a Java client. */
  const connect = (properties: Record<string, string>): KafkaLog => {
    const timeouts = { 'delivery.timeout.ms': '10000', 'socket.connection.setup.timeout.ms': '5000' };
    const log = new KafkaLog(kafkaConfig({ ...timeouts, ...properties }));
    logs.push(log);
    return log;
  };
  const sasl = (mechanism: string, username: string, password: string): Record<string, string> => ({
    'bootstrap.servers': broker.listeners.SASL_SSL!,
    'security.protocol': 'SASL_SSL',
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': `${JAAS}.X required username="${username}" password="${password}";`,
    'ssl.truststore.location': certificates.ca,
  });
  const mutual = (): Record<string, string> => ({
    'bootstrap.servers': broker.listeners.SSL!,
    'security.protocol': 'SSL',
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': certificates.ca,
  });
  const anonymous = () => connect({ 'bootstrap.servers': broker.bootstrap });

  /** Creates, writes in a transaction, reads, commits an offset. */
  async function works(log: KafkaLog): Promise<void> {
    await log.open();
    const topic = uniqueName('a-works');
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const writer = await log.writer({ clientId: 'test', transactionalId: uniqueName('a-tx') });
    writer.append(topic, 0, values('one', 'two'));
    const group = uniqueName('a-group');
    await writer.commit({ group, offsets: [{ topic, partition: 0, offset: 2 }], state: [] });
    await writer.close();
    await withReader(log, async (reader) => {
      reader.assign(topic, 0, 0);
      expect((await collect(reader, 2)).map((r) => r.value)).toEqual(['one', 'two']);
    });
    expect(await log.committed(group, [topic])).toEqual([{ topic, partition: 0, offset: 2 }]);
  }

  test.each([
    ['SCRAM-SHA-256', USERS.alice],
    ['SCRAM-SHA-512', USERS.alice],
    ['PLAIN', 'plain-secret'],
  ])('%s over TLS', async (mechanism, password) => {
    await works(connect(sasl(mechanism, 'alice', password)));
  });

  test('a client certificate: as one PEM file, as two, and in the settings themselves', async () => {
    await works(connect({ ...mutual(), 'ssl.keystore.location': certificates.client, 'ssl.keystore.type': 'PEM' }));
    await works(
      connect({
        'bootstrap.servers': broker.listeners.SSL!,
        'security.protocol': 'ssl',
        'ssl.ca.location': certificates.ca,
        'ssl.key.location': certificates.clientKey,
        'ssl.certificate.location': certificates.clientCertificate,
      }),
    );
    await works(
      connect({
        ...mutual(),
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.key': readFileSync(certificates.clientKey, 'utf8'),
        'ssl.keystore.certificate.chain': readFileSync(certificates.clientCertificate, 'utf8'),
      }),
    );
  });

  describe('who is not let in is told why, at once', () => {
    const refused = async (properties: Record<string, string>, final = true) => {
      const started = Date.now();
      const error = await connect(properties)
        .open()
        .then(
          () => expect.unreachable('it was let in'),
          (e: unknown) => e as Error & { code: string; hint: string; retriable: boolean },
        );
      // What is final is not tried again and again by whoever waits for a broker.
      expect(error.retriable, error.message).toBe(!final);
      expect(Date.now() - started).toBeLessThan(10_000);
      return error;
    };

    test.each(['SCRAM-SHA-256', 'SCRAM-SHA-512', 'PLAIN'])('a wrong password: %s', async (mechanism) => {
      const error = await refused(sasl(mechanism, 'alice', 'wrong'));
      expect(error).toMatchObject({ code: 'KAFKA_DENIED', hint: expect.stringContaining('password') });
      expect(error.message).toContain(broker.listeners.SASL_SSL!);
      expect(error.message).not.toContain('wrong');
    });

    test('a mechanism that the listener does not offer', async () => {
      const options = kafkaConfig(sasl('PLAIN', 'alice', 'x'));
      const oauth = { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: 'x' }) } as const;
      const log = new KafkaLog({ ...options, sasl: oauth });
      logs.push(log);
      await expect(log.open()).rejects.toMatchObject({ code: 'KAFKA_DENIED' });
    });

    test('an unknown authority', async () => {
      const other = await refused({
        ...sasl('PLAIN', 'alice', 'plain-secret'),
        'ssl.truststore.location': certificates.otherCa,
      });
      expect(other).toMatchObject({ code: 'LOG_ERROR', hint: expect.stringContaining('ssl.truststore.location') });
    });

    test('no client certificate', async () => {
      const error = await refused(mutual());
      expect(error).toMatchObject({ code: 'LOG_ERROR', hint: expect.stringContaining('client certificate') });
    });

    test('TLS to a listener that speaks none', async () => {
      const error = await refused({ ...mutual(), 'bootstrap.servers': broker.bootstrap }, false);
      expect(error).toMatchObject({ code: 'LOG_ERROR', hint: expect.stringContaining('security.protocol') });
    });
  });

  describe('who is let in and may not', () => {
    const mallory = async () => {
      const log = connect(sasl('SCRAM-SHA-512', 'mallory', USERS.mallory));
      await log.open();
      return log;
    };
    const denied = async (action: Promise<unknown>, resource: string) => {
      const error = await action.then(
        () => expect.unreachable('it was allowed'),
        (e: unknown) => e as Error,
      );
      expect(error).toMatchObject({ code: 'KAFKA_DENIED', hint: expect.stringContaining('ACL') });
      expect(error.message).toContain(resource);
      expect(errorBody(error)).toMatchObject({ error_code: 40301, message: error.message });
    };
    let topic: string;
    beforeAll(async () => {
      topic = uniqueName('a-mine');
      const log = anonymous();
      await log.createTopics([{ name: topic, partitions: 1 }]);
      await acl('--allow-principal', 'User:mallory', '--operation', 'Describe', '--topic', topic);
    });

    test('read: the topic is named', async () => {
      const log = await mallory();
      await withReader(log, async (reader) => {
        reader.assign(topic, 0, 0);
        await denied(collect(reader, 1), topic);
      });
    });

    test('write: the topic is named, with and without a transaction', async () => {
      const log = await mallory();
      await denied(log.writer({ clientId: 'test' }), 'CLUSTER_AUTHORIZATION_FAILED');
      await acl('--allow-principal', 'User:mallory', '--operation', 'IdempotentWrite', '--cluster');
      const writer = await log.writer({ clientId: 'test' });
      writer.append(topic, 0, values('x'));
      await denied(writer.flush(), topic);
      await acl('--allow-principal', 'User:mallory', '--operation', 'All', '--transactional-id', 'mallory');
      const transactional = await log.writer({ clientId: 'test', transactionalId: 'mallory' });
      transactional.append(topic, 0, values('x'));
      await denied(transactional.commit({ offsets: [], state: [] }), topic);
    });

    test('describe and create: the topic is named, whether it exists or not', async () => {
      const log = await mallory();
      const other = uniqueName('a-other');
      await denied(log.createTopics([{ name: other, partitions: 1 }]), other);
      await denied(log.describeTopic(other), other);
      await denied(log.deleteTopics([topic]), topic);
      expect(await anonymous().describeTopic(topic)).toBeDefined();
    });

    test('a transactional id: it is named', async () => {
      const log = await mallory();
      await denied(log.writer({ clientId: 'test', transactionalId: 'somebody-elses' }), 'somebody-elses');
    });

    test('a group: it is named', async () => {
      const log = await mallory();
      await denied(log.committed('a-group', [topic]), 'a-group');
      const failed = new Promise<Error>((resolve) => {
        const member = log.member({ group: 'a-group', clientId: 'test', topics: [topic], copartitioned: [] });
        const handler = { assigned: async () => {}, revoked: async () => {}, lost: () => {}, failed: resolve };
        member.join(handler).catch(resolve);
      });
      const error = await failed;
      expect(error).toMatchObject({ code: 'KAFKA_DENIED' });
      expect(error.message).toContain('a-group');
    });

    test('topics of others are not seen in lists', async () => {
      const names = (await (await mallory()).listTopics()).map((t) => t.name);
      expect(names).toContain(topic);
      expect(names.filter((n) => n.startsWith('a-works'))).toEqual([]);
    });
  });

  test('a right that is taken away while it is used: the write fails, and names the topic', async () => {
    const log = connect(sasl('SCRAM-SHA-256', 'alice', USERS.alice));
    const topic = uniqueName('a-taken');
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const writer = await log.writer({ clientId: 'test' });
    writer.append(topic, 0, values('before'));
    await writer.flush();
    await acl('--deny-principal', 'User:alice', '--operation', 'Write', '--topic', topic);
    writer.append(topic, 0, batchOf([{ value: 'after' }]));
    await expect(writer.flush()).rejects.toMatchObject({
      code: 'KAFKA_DENIED',
      message: expect.stringContaining(topic),
    });
  });

  test('the client of a schema registry over TLS, with an authority and a certificate of its own', async () => {
    const server = createServer(
      {
        key: readFileSync(certificates.serverKey),
        cert: readFileSync(certificates.serverCertificate),
        ca: readFileSync(certificates.ca),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (c: Buffer) => chunks.push(c));
        request.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          response.writeHead(201, { 'content-type': 'application/json' });
          response.end(
            JSON.stringify({ method: request.method, url: request.url, body, kind: request.headers['content-type'] }),
          );
        });
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `https://localhost:${(server.address() as AddressInfo).port}/subjects?x=1`;
      const prefix = 'ksql.schema.registry.';
      const settings = {
        [`${prefix}ssl.truststore.location`]: certificates.ca,
        [`${prefix}ssl.keystore.location`]: certificates.client,
        [`${prefix}ssl.keystore.type`]: 'PEM',
      };
      const init = { method: 'POST', body: '{"a":"ü"}', headers: { 'content-type': 'application/x' } };
      const answer = await tlsFetch(tlsConfig(settings, prefix)!)(url, init);
      expect(answer.status).toBe(201);
      expect(answer.ok).toBe(true);
      expect(await answer.json()).toEqual({
        method: 'POST',
        url: '/subjects?x=1',
        body: '{"a":"ü"}',
        kind: 'application/x',
      });
      await expect(tlsFetch({})(url, init)).rejects.toThrow(/certificate/);
      const without = tlsConfig({ [`${prefix}ssl.truststore.location`]: certificates.ca }, prefix)!;
      await expect(tlsFetch(without)(url, init)).rejects.toThrow();
      expect(tlsConfig({ 'ssl.truststore.location': 'x' }, prefix)).toBeUndefined();
      const late = tlsFetch(tlsConfig(settings, prefix)!)(url, { ...init, signal: AbortSignal.abort() });
      await expect(late).rejects.toThrow(/abort/i);
    } finally {
      await new Promise((done) => server.close(done));
    }
  });
});
