import { readFileSync } from 'node:fs';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { messageOf, WeirError } from '../engine/index.js';

/** Where the API answers: one of `listeners`. */
export interface ListenerConfig {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** `https://`. */
  readonly secure: boolean;
}

type Properties = Readonly<Record<string, string>>;

const DEFAULT_PORT = 8088;

/** @throws BAD_REQUEST */
export function listenersOf(properties: Properties): readonly ListenerConfig[] {
  const texts = (properties.listeners ?? `http://0.0.0.0:${DEFAULT_PORT}`)
    .split(',')
    .map((t) => t.trim())
    .filter((t) => t !== '');
  if (texts.length === 0) throw noUrl('');
  return texts.map((text) => {
    if (!URL.canParse(text)) throw noUrl(text);
    const url = new URL(text);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw noUrl(text);
    return {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: portOf(text, url),
      secure: url.protocol === 'https:',
    };
  });
}

/** What was written: a URL drops the default port of its protocol. */
function portOf(text: string, url: URL): number {
  const written = /:(\d+)\/?$/.exec(text)?.[1];
  return written === undefined ? (url.port === '' ? DEFAULT_PORT : Number(url.port)) : Number(written);
}

const noUrl = (text: string): WeirError =>
  new WeirError(
    'BAD_REQUEST',
    `Setting listeners is no URL: '${text}'.`,
    'For example http://0.0.0.0:8088,https://0.0.0.0:8443',
  );

const CLIENT_AUTH = ['none', 'requested', 'required'];

/**
 * Key and certificate of the `https` listeners, by ksqlDB's names (`ssl.keystore.*`, PKCS#12) or as two PEM files.
 * @throws BAD_REQUEST where there is none, or they cannot be used
 */
export function tlsOf(properties: Properties): TlsOptions {
  const auth = (properties['ssl.client.auth'] || 'none').toLowerCase();
  if (!CLIENT_AUTH.includes(auth)) {
    throw new WeirError('BAD_REQUEST', `Setting ssl.client.auth must be one of ${CLIENT_AUTH.join(', ')}.`);
  }
  const trusted = properties['ssl.truststore.location'];
  const options: TlsOptions = {
    ...identityOf(properties),
    ...(trusted ? { ca: file('ssl.truststore.location', trusted) } : {}),
    requestCert: auth !== 'none',
    rejectUnauthorized: auth === 'required',
  };
  try {
    createSecureContext(options);
  } catch (e) {
    throw new WeirError(
      'BAD_REQUEST',
      `The key or a certificate of the https listener cannot be used: ${messageOf(e)}`,
      'Look at the password, and at the files: openssl pkcs12 -info -in FILE, openssl x509 -text -in FILE.',
      { cause: e },
    );
  }
  return options;
}

/** A Java key store of the old kind begins with these bytes. */
const JKS = Buffer.from([0xfe, 0xed, 0xfe, 0xed]);

function identityOf(properties: Properties): TlsOptions {
  const keystore = properties['ssl.keystore.location'];
  const passphrase = properties['ssl.key.password'] || properties['ssl.keystore.password'];
  const secret = passphrase ? { passphrase } : {};
  if (keystore) {
    const bytes = file('ssl.keystore.location', keystore);
    if (bytes.subarray(0, JKS.length).equals(JKS)) {
      throw new WeirError(
        'BAD_REQUEST',
        `Setting ssl.keystore.location: ${keystore} is a JKS store, which only Java reads.`,
        'keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype pkcs12',
      );
    }
    const isPem = bytes.includes('-----BEGIN');
    return { ...(isPem ? { key: bytes, cert: bytes } : { pfx: bytes }), ...secret };
  }
  const certificate = properties['ssl.certificate.location'];
  const key = properties['ssl.key.location'];
  if (!certificate || !key) {
    throw new WeirError(
      'BAD_REQUEST',
      'An https listener needs a key and a certificate.',
      'Set ssl.keystore.location and ssl.keystore.password (PKCS#12), or ssl.certificate.location and ssl.key.location (PEM).',
    );
  }
  return { cert: file('ssl.certificate.location', certificate), key: file('ssl.key.location', key), ...secret };
}

function file(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Setting ${setting}: ${path} cannot be read: ${messageOf(e)}`, undefined, {
      cause: e,
    });
  }
}
