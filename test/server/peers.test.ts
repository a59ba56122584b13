import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Clock,
  type PeerRead,
  type QueryPlacement,
  silentLogger,
  type Value,
  WeirError,
} from '../../engine/index.js';
import { BIGINT, BOOLEAN, BYTES, DOUBLE, type SqlType, STRING } from '../../engine/values/sql-type.js';
import { ClusterNode } from '../../server/cluster.js';
import { clusterConfig } from '../../server/cluster-config.js';
import { HttpPeers } from '../../server/http-peers.js';
import { writeFrames } from '../../server/peer-frames.js';
import { peerRowCodec } from '../../server/wire/peer-rows.js';
import { tempDir } from '../support/temp.js';

const TYPES: readonly SqlType[] = [
  BIGINT,
  { kind: 'DECIMAL', precision: 30, scale: 4 },
  DOUBLE,
  STRING,
  BYTES,
  BOOLEAN,
  { kind: 'ARRAY', element: BIGINT },
];

const READ = {
  queryId: 'pull',
  properties: {},
  partitions: [0, 1],
  maxLag: null,
  read: { columns: TYPES.map((type, index) => ({ kind: 'column', from: 'value', index, name: 'C', type })) },
} as unknown as PeerRead;

class FakeClock implements Clock {
  time = 1_000_000;
  now = (): number => this.time;
  sleep = (_ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
}

const configOf = (properties: Record<string, string> = {}) =>
  clusterConfig(properties, {
    host: '127.0.0.1',
    secure: false,
  });

const servers: Pick<Server, 'close' | 'closeAllConnections'>[] = [];
afterEach(() => {
  for (const s of servers.splice(0)) {
    s.closeAllConnections();
    s.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const peersOf = (
  known: () => readonly string[],
  properties: Record<string, string> = {},
  clock: Clock = new FakeClock(),
) => {
  const peers = new HttpPeers({ config: configOf(properties), clock, logger: silentLogger, known });
  peers.listening(8088);
  return peers;
};

async function rowsOf(peers: HttpPeers, address: string): Promise<unknown[]> {
  const out: unknown[] = [];
  for await (const batch of (await peers.readTable(address, READ)).rows) out.push(...batch);
  return out;
}

describe('reads between nodes', () => {
  const exact: Value[][] = [
    [9223372036854775807n, null, Number.NaN, 'ü\u0000\ud83d\ude00', Buffer.from([0, 255]), true, [1, null]],
    [null, null, Number.NEGATIVE_INFINITY, '', null, null, null],
  ] as Value[][];

  it('carry every value as it is', () => {
    const codec = peerRowCodec(TYPES);
    expect(codec.decode(codec.encode(exact))).toEqual(codec.decode(codec.encode(codec.decode(codec.encode(exact)))));
    const [first] = codec.decode(codec.encode(exact));
    expect(first![0]).toBe(9223372036854775807n);
    expect(first![2]).toBeNaN();
    expect(() => codec.decode(codec.encode(exact).subarray(0, 20))).toThrow(/cut short/);
  });

  it('come in frames, an error as the last one; what breaks off is noticed', async () => {
    const codec = peerRowCodec(TYPES);
    let failure: Error | undefined;
    let cut = false;
    let headers: unknown;
    const address = await serve(async (request, response) => {
      headers = request.headers;
      async function* rows() {
        for (let i = 0; i < 50; i++) yield exact;
        if (failure !== undefined) throw failure;
      }
      for await (const frame of writeFrames({ partitions: [1], rows: rows() }, codec)) {
        // Pieces of any size: frames do not come as they were sent.
        response.write(frame.subarray(0, 3));
        response.write(frame.subarray(3));
        if (cut) {
          await new Promise((resolve) => setImmediate(resolve));
          return void response.destroy();
        }
      }
      response.end();
    });
    const peers = peersOf(() => [address], { 'weir.peer.auth': 'node:secret' });
    const answer = await peers.readTable(address, READ);
    expect(answer.partitions).toEqual([1]);
    await answer.rows.return(undefined);
    expect(await rowsOf(peers, address)).toHaveLength(100);
    expect(headers).toMatchObject({
      authorization: `Basic ${Buffer.from('node:secret').toString('base64')}`,
      'x-weir-peer': '127.0.0.1:8088',
    });
    failure = new WeirError('STATE_ERROR', 'bad bytes', 'mend them');
    await expect(rowsOf(peers, address)).rejects.toMatchObject({
      code: 'STATE_ERROR',
      message: 'bad bytes',
      hint: 'mend them',
    });
    failure = undefined;
    cut = true;
    await expect(rowsOf(peers, address)).rejects.toMatchObject({ code: 'NOT_READY' });
    peers.close();
  });

  it('end with NOT_READY where a node refuses, says nothing or is not there', async () => {
    const refusing = await serve((_, response) => {
      response.statusCode = 503;
      response.end(JSON.stringify({ code: 'NOT_READY', message: 'Query Q does not run here' }));
    });
    const silent = await serve(() => {});
    const peers = peersOf(() => [], { 'ksql.query.pull.forwarding.timeout.ms': '50' });
    await expect(rowsOf(peers, refusing)).rejects.toMatchObject({
      code: 'NOT_READY',
      message: 'Query Q does not run here',
    });
    await expect(rowsOf(peers, silent)).rejects.toThrow(`Node ${silent} does not answer: no answer for 50 ms`);
    await expect(rowsOf(peers, '127.0.0.1:1')).rejects.toThrow(/Node 127.0.0.1:1 does not answer: .*ECONNREFUSED/);
    peers.close();
  });

  it('gather what queries do; a node that does not answer is null', async () => {
    const b = await serve(
      (_, response) => void response.end(JSON.stringify({ queries: [{ queryId: 'Q', state: 'RUNNING' }] })),
    );
    const peers = peersOf(() => [b, '127.0.0.1:1', '', '127.0.0.1:8088']);
    expect(await peers.queries()).toEqual(
      new Map([
        [b, [{ queryId: 'Q', state: 'RUNNING' }]],
        ['127.0.0.1:1', null],
      ]),
    );
    peers.close();
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl && process.env.CI !== undefined) throw new Error('openssl is required in CI');

it.skipIf(!hasOpenssl)('nodes reach each other over TLS, and come with their certificate (needs openssl)', async () => {
  const dir = tempDir();
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  expect(spawnSync('openssl', ['req', '-x509', ...made, '-days', '2', ...subject, '-out', cert]).status).toBe(0);
  const tls = { key: readFileSync(key), cert: readFileSync(cert), ca: readFileSync(cert) };
  const server = createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (_, response) => {
    response.end(JSON.stringify({ queries: [] }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = configOf({ 'ksql.advertised.listener': 'https://127.0.0.1:8088' });
  const options = { config, clock: new FakeClock(), logger: silentLogger, known: () => [address] };
  const trusting = new HttpPeers({ ...options, tls });
  expect(await trusting.queries()).toEqual(new Map([[address, []]]));
  const stranger = new HttpPeers(options);
  await expect(stranger.post(address, '/peer/queries', {}, 5000)).rejects.toThrow(/self-signed certificate/);
  trusting.close();
  stranger.close();
});

describe('the service as a node sees it', () => {
  const placement: QueryPlacement = {
    group: '_weir-s-Q',
    stores: new Map([['t', ['Aggregate']]]),
    lags: [{ store: 'Aggregate', partition: 1, current: 7, end: 10 }],
    placement: {
      self: 0,
      members: [
        { address: '127.0.0.1:8088', owned: [{ topic: 't', partition: 0 }], standby: [{ topic: 't', partition: 1 }] },
        { address: 'b:8088', owned: [{ topic: 't', partition: 1 }], standby: [] },
      ],
    },
  };

  it('tells who lives, who has what, and how far copies are behind', async () => {
    const clock = new FakeClock();
    const members = placement.placement!.members.map((m) => m.address);
    const peers = peersOf(() => members, { 'ksql.heartbeat.window.ms': '2000' }, clock);
    const engine = {
      readForPeer: () => {
        throw new Error('not in this test');
      },
      placements: () => new Map([['Q', placement]]),
      queryStates: () => [],
    };
    const node = new ClusterNode({ peers, engine, config: configOf(), clock, logger: silentLogger });
    const own = {
      '_weir-s-Q#Aggregate': {
        lagByPartition: { '1': { currentOffsetPosition: 7, endOffsetPosition: 10, offsetLag: 3 } },
      },
    };
    node.status();
    clock.time += 2000;
    node.heartbeat('b:8088');
    node.heartbeat('nobody:1');
    node.reportLags('b:8088', { stateStoreLags: {}, updateTimeMs: 5 });
    node.reportLags('nobody:1', { stateStoreLags: {}, updateTimeMs: 5 });
    expect(node.status()).toEqual({
      clusterStatus: {
        '127.0.0.1:8088': {
          hostAlive: true,
          lastStatusUpdateMs: clock.time,
          activeStandbyPerQuery: {
            Q: {
              activeStores: ['Aggregate'],
              activePartitions: [{ topic: 't', partition: 0 }],
              standByStores: ['Aggregate'],
              standByPartitions: [{ topic: 't', partition: 1 }],
            },
          },
          hostStoreLags: { stateStoreLags: own, updateTimeMs: clock.time },
        },
        'b:8088': {
          hostAlive: true,
          lastStatusUpdateMs: clock.time,
          activeStandbyPerQuery: {
            Q: {
              activeStores: ['Aggregate'],
              activePartitions: [{ topic: 't', partition: 1 }],
              standByStores: [],
              standByPartitions: [],
            },
          },
          hostStoreLags: { stateStoreLags: {}, updateTimeMs: 5 },
        },
      },
    });
    clock.time += 2001;
    expect(peers.isAlive('b:8088')).toBe(false);
    expect(peers.isAlive('127.0.0.1:8088')).toBe(true);
    expect(peers.isAlive('c:8088')).toBe(true); // nothing is known of it
    await node.close();
  });

  it('advertises the listener, or what it is told', () => {
    expect(configOf().advertised).toEqual({ host: '127.0.0.1', port: undefined });
    expect(configOf({ 'ksql.advertised.listener': 'http://node-1:9088' }).advertised).toEqual({
      host: 'node-1',
      port: 9088,
    });
    expect(configOf({ 'ksql.advertised.listener': 'node-1:9088' }).advertised).toEqual({ host: 'node-1', port: 9088 });
    expect(configOf({ 'ksql.advertised.listener': 'http://[::1]:9088' }).advertised).toEqual({
      host: '::1',
      port: 9088,
    });
    expect(() => configOf({ 'ksql.advertised.listener': 'http://' })).toThrow(
      /ksql.advertised.listener: it must be a URL/,
    );
    expect(configOf({ 'weir.auth.users': 'ann:a,bob:b' }).auth).toBe('ann:a');
    expect(configOf().secure).toBe(false);
    expect(configOf({ 'ksql.advertised.listener': 'https://node-1:9088' }).secure).toBe(true);
    expect(configOf({ 'ksql.heartbeat.enable': 'false' }).heartbeat).toBeUndefined();
  });
});
