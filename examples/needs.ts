import { connect } from 'node:net';

/** Something beside Weir that an example can use. */
export interface Need {
  /** `postgres`: of `queries-postgres/`, and of `found`. */
  readonly name: string;
  /** The environment variable that says where it is. */
  readonly variable: string;
  readonly fallback: string;
  /** Starts one, for who has none. */
  readonly command: string;
  /** Which of its secrets the statements name as `${env:…}`, given its address. */
  secrets?(address: string): Readonly<Record<string, string>>;
  /** Resolves to why it is not there; undefined: it is. */
  missing(address: string): Promise<string | undefined>;
}

/** Whether something listens there. */
const listens = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (why: string | undefined): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`nothing answers at ${host}:${port}`));
    socket.once('error', (e) => end(`${host}:${port}: ${e.message}`));
  });

const answers = async (url: string): Promise<string | undefined> => {
  try {
    await fetch(url, { signal: AbortSignal.timeout(3000) });
    return undefined;
  } catch (e) {
    return `${url}: ${e instanceof Error ? e.message : String(e)}`;
  }
};

const hostOf = (url: string, port: number): [host: string, port: number] => {
  const { hostname, port: given } = new URL(url);
  return [hostname.replace(/^\[|\]$/g, ''), given === '' ? port : Number(given)];
};

export const POSTGRES: Need = {
  name: 'postgres',
  variable: 'WEIR_POSTGRES',
  fallback: 'postgres://postgres:weir@127.0.0.1:5432/postgres',
  command: 'docker run --rm -p 5432:5432 -e POSTGRES_PASSWORD=weir postgres:15 -c wal_level=logical',
  secrets: (address) => ({ WEIR_SECRET_POSTGRES: address }),
  missing: (address) => listens(...hostOf(address, 5432)),
};

export const REGISTRY: Need = {
  name: 'registry',
  variable: 'WEIR_REGISTRY',
  fallback: 'http://127.0.0.1:8081',
  command: 'docker run --rm -p 8081:8080 apicurio/apicurio-registry:3.0.9',
  missing: answers,
};

export const S3: Need = {
  name: 's3',
  variable: 'WEIR_S3',
  fallback: 'http://127.0.0.1:5000',
  command: 'docker run --rm -p 5000:5000 motoserver/moto:5.2.5',
  secrets: (address) => ({
    WEIR_SECRET_S3: address,
    WEIR_SECRET_S3_KEY: process.env.AWS_ACCESS_KEY_ID ?? 'key',
    WEIR_SECRET_S3_SECRET: process.env.AWS_SECRET_ACCESS_KEY ?? 'secret',
  }),
  missing: answers,
};

export const CONNECT: Need = {
  name: 'connect',
  variable: 'WEIR_CONNECT',
  fallback: 'http://127.0.0.1:8083',
  command:
    'docker run --rm --network host apache/kafka:4.1.0 /opt/kafka/bin/connect-distributed.sh /opt/kafka/config/connect-distributed.properties',
  missing: answers,
};
