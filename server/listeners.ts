import { readFileSync } from 'node:fs';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { messageOf, type Properties, type Setting, type SettingValues, valuesOf, WeirError } from '../engine/index.js';
import { LISTENER } from './server-settings.js';

/** Where the API answers: one of `listeners`. */
export interface ListenerConfig {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** `https://`. */
  readonly secure: boolean;
}

/** Of a URL that names none: that of the listener without settings. */
const DEFAULT_PORT = Number(new URL(LISTENER.listeners.of({})[0]!).port);

/** @throws BAD_REQUEST */
export function listenersOf(properties: Properties): readonly ListenerConfig[] {
  return LISTENER.listeners.of(properties).map((text) => {
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

/**
 * Key and certificate of the `https` listeners, by ksqlDB's names (`ssl.keystore.*`, PKCS#12) or as two PEM files.
 * @throws BAD_REQUEST where there is none, or they cannot be used
 */
export function tlsOf(properties: Properties): TlsOptions {
  const { clientAuth: auth, truststore, ...identity } = valuesOf(LISTENER, properties);
  const options: TlsOptions = {
    ...identityOf(identity),
    ...(truststore === undefined ? {} : { ca: file(LISTENER.truststore, truststore) }),
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

type Identity = Omit<SettingValues<typeof LISTENER>, 'listeners' | 'clientAuth' | 'truststore'>;

function identityOf({ keystore, certificate, key, ...passwords }: Identity): TlsOptions {
  const passphrase = passwords.keyPassword ?? passwords.keystorePassword;
  const secret = passphrase === undefined ? {} : { passphrase };
  if (keystore !== undefined) {
    const bytes = file(LISTENER.keystore, keystore);
    if (bytes.subarray(0, JKS.length).equals(JKS)) {
      throw new WeirError(
        'BAD_REQUEST',
        `Setting ${LISTENER.keystore.name}: ${keystore} is a JKS store, which only Java reads.`,
        'keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype pkcs12',
      );
    }
    const isPem = bytes.includes('-----BEGIN');
    return { ...(isPem ? { key: bytes, cert: bytes } : { pfx: bytes }), ...secret };
  }
  if (certificate === undefined || key === undefined) {
    throw new WeirError(
      'BAD_REQUEST',
      'An https listener needs a key and a certificate.',
      'Set ssl.keystore.location and ssl.keystore.password (PKCS#12), or ssl.certificate.location and ssl.key.location (PEM).',
    );
  }
  return { cert: file(LISTENER.certificate, certificate), key: file(LISTENER.key, key), ...secret };
}

function file({ name }: Setting<unknown>, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (e) {
    throw new WeirError('BAD_REQUEST', `Setting ${name}: ${path} cannot be read: ${messageOf(e)}`, undefined, {
      cause: e,
    });
  }
}
