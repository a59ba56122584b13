import type { AwsClient } from 'aws4fetch';
import { ConnectorFailed } from '../connector.js';
import type { FileSinkOptions } from './options.js';

const REQUEST_TIMEOUT_MS = 120_000;

interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Undefined: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /** Answers that are none of the usual and still say something. */
  readonly expected?: readonly number[];
}

/** The few requests of S3 that a sink needs, signed. */
export class S3 {
  private constructor(
    private readonly client: AwsClient,
    /** Of the bucket, without a slash at its end. */
    private readonly address: string,
    private readonly bucket: string,
    private readonly signal: AbortSignal,
  ) {}

  static async open(options: FileSinkOptions, signal: AbortSignal): Promise<S3> {
    const { region, storeUrl, pathStyle, accessKey, secretKey, sessionToken } = options;
    const bucket = options.bucket!;
    const { AwsClient } = await import('aws4fetch');
    const client = new AwsClient({
      accessKeyId: accessKey!,
      secretAccessKey: secretKey!,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: 's3',
      region,
      retries: 0,
    });
    const host = new URL(storeUrl ?? `https://s3.${region}.amazonaws.com`);
    const address = pathStyle
      ? `${host.origin}/${encodeURIComponent(bucket)}`
      : `${host.protocol}//${bucket}.${host.host}`;
    return new S3(client, address, bucket, signal);
  }

  /** @throws ConnectorFailed where trying again cannot help; Error for all else that is no success and not expected */
  async send({
    method,
    key,
    query,
    headers,
    body,
    expected,
  }: Request): Promise<{ status: number; headers: Headers; text: string }> {
    const path = key === undefined ? '' : `/${key.split('/').map(encodeURIComponent).join('/')}`;
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString().replaceAll('+', '%20')}`;
    let answer: Response;
    let text: string;
    try {
      answer = await this.client.fetch(`${this.address}${path}${search}`, {
        method,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
      text = await answer.text();
    } catch (e) {
      this.signal.throwIfAborted();
      const cause = (e as Error).cause;
      const why = cause instanceof Error ? cause.message : (e as Error).message;
      throw new Error(`The store of bucket ${this.bucket} does not answer: ${why}`, { cause: e });
    }
    const { status } = answer;
    if (answer.ok || expected?.includes(status) === true) return { status, headers: answer.headers, text };
    throw this.failure(method, status, text);
  }

  private failure(method: string, status: number, text: string): Error {
    const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
    const said = /<Message>([^<]*)<\/Message>/.exec(text)?.[1];
    const what = `Bucket ${this.bucket}: ${method} was answered with ${status}${code === undefined ? '' : ` ${code}`}${said === undefined ? '' : ` (${said})`}.`;
    if (status === 404 && (code === 'NoSuchBucket' || code === undefined)) {
      return new ConnectorFailed(`There is no bucket ${this.bucket}.`, 'Make it, or correct s3.bucket.name.');
    }
    if (status === 401 || (status === 403 && code !== 'RequestTimeTooSkewed')) {
      return new ConnectorFailed(what, 'Check the keys, and that they may list, read and write in the bucket.');
    }
    if (status === 301 || status === 400) {
      return new ConnectorFailed(what, 'Check s3.region, store.url and s3.path.style.access.enabled.');
    }
    return new Error(what);
  }
}

/** The text of an element of XML; undefined: there is none. */
export const elementText = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
