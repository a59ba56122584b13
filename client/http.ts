import { type ErrorBody, WeirClientError } from './errors.js';

/** A request of the HTTP API (docs/api.md). */
export interface ApiRequest {
  /** Left out: the request is a GET. An object is sent as JSON, text as it is. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** The HTTP API of a server: where it is, who asks, and what becomes of refusals. Nothing else in Weir sends requests to it. */
export class HttpApi {
  /** Without a slash at its end. */
  readonly base: string;

  constructor(
    url: string,
    private readonly authorization: string | undefined,
    private readonly fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
  ) {
    this.base = url.replace(/\/$/, '');
  }

  /**
   * The answer, its body unread.
   * @throws WeirClientError what the server says where it refuses; UNREACHABLE, or what `signal` was aborted with
   */
  async send(path: string, { body, headers = {}, signal }: ApiRequest = {}): Promise<Response> {
    let response: Response;
    try {
      response = await this.fetch(this.base + path, {
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(this.authorization === undefined ? {} : { authorization: this.authorization }),
          ...headers,
        },
        ...(body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (e) {
      if (signal?.aborted === true) throw e;
      throw new WeirClientError('UNREACHABLE', `No Weir server answers at ${this.base}.`, undefined, { cause: e });
    }
    if (response.ok) return response;
    throw this.refusal(response.status, await this.text(response, signal));
  }

  /** As `send`; what is answered, read as JSON. */
  async json<T>(path: string, request: ApiRequest = {}): Promise<T> {
    const text = await this.text(await this.send(path, request), request.signal);
    try {
      return JSON.parse(text) as T;
    } catch (e) {
      throw new WeirClientError('BAD_ANSWER', `${this.base} did not answer with JSON.`, undefined, { cause: e });
    }
  }

  private async text(response: Response, signal: AbortSignal | undefined): Promise<string> {
    try {
      return await response.text();
    } catch (e) {
      if (signal?.aborted === true) throw e;
      throw WeirClientError.lost(e);
    }
  }

  private refusal(status: number, text: string): WeirClientError {
    let answer: ErrorBody;
    try {
      answer = JSON.parse(text) as ErrorBody;
    } catch (cause) {
      // Something else than Weir has answered.
      return new WeirClientError('BAD_ANSWER', `${this.base} answered ${status}.`, undefined, { cause, status });
    }
    return WeirClientError.from(status === 401 ? { code: 'UNAUTHORIZED', ...answer } : answer, status);
  }
}

/** A user and a password as a header has them (RFC 7617 §2.1); btoa alone takes no text beyond Latin-1. */
export const basicAuthorization = (user: string, password: string): string =>
  `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)))}`;
