/** A certificate authority of a test, and what it has signed. By openssl; nothing of it outlives the test's folder. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onPath } from '../../../testing/jars.js';
import { run } from './broker.js';

export const STORE_PASSWORD = 'changeit';

export interface Certificates {
  /** The authority's certificate, PEM. */
  readonly ca: string;
  /** Another authority's, which has signed nothing here. */
  readonly otherCa: string;
  /** A client's key and certificate in one PEM file, as Java's PEM key stores have them. */
  readonly client: string;
  readonly clientKey: string;
  readonly clientCertificate: string;
  /** The server's key and certificates, PKCS12. */
  readonly serverStore: string;
  /** The authority's certificate as a Java trust store, PKCS12. */
  readonly trustStore: string;
  readonly serverKey: string;
  readonly serverCertificate: string;
}

export const missingOpenssl = (): string | undefined =>
  ['openssl', 'keytool'].every(onPath) ? undefined : 'openssl or keytool not found on the PATH';

/** Makes them in `folder`. The server's certificate is for localhost and 127.0.0.1, the client's subject is `CN=client`. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
  const at = (name: string) => join(folder, name);
  for (const ca of ['ca', 'other']) {
    const subject = ['-subj', `/CN=${ca} of a test`, '-addext', 'basicConstraints=critical,CA:TRUE'];
    const files = ['-keyout', `${ca}.key`, '-out', `${ca}.pem`];
    await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject);
  }
  await writeFile(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  for (const who of ['server', 'client']) {
    await openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${who}.key`,
      '-out',
      `${who}.csr`,
      '-subj',
      `/CN=${who}`,
    );
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
    await openssl('x509', '-req', '-in', `${who}.csr`, ...signed, '-out', `${who}.pem`);
  }
  const pkcs12 = [
    '-inkey',
    'server.key',
    '-certfile',
    'ca.pem',
    '-out',
    'server.p12',
    '-passout',
    `pass:${STORE_PASSWORD}`,
  ];
  await openssl('pkcs12', '-export', '-in', 'server.pem', ...pkcs12);
  const trust = ['-keystore', 'trust.p12', '-storetype', 'PKCS12', '-storepass', STORE_PASSWORD];
  await run('keytool', ['-importcert', '-noprompt', '-alias', 'ca', '-file', 'ca.pem', ...trust], { cwd: folder });
  await run('sh', ['-c', 'cat client.key client.pem > both.pem'], { cwd: folder });
  return {
    ca: at('ca.pem'),
    otherCa: at('other.pem'),
    client: at('both.pem'),
    clientKey: at('client.key'),
    clientCertificate: at('client.pem'),
    serverStore: at('server.p12'),
    trustStore: at('trust.p12'),
    serverKey: at('server.key'),
    serverCertificate: at('server.pem'),
  };
}
