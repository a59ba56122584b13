import { type ErrorCode, WeirError } from '../engine/index.js';
import { withoutLinks } from '../shell/theme.js';
import { typed } from '../shell/typed-command.js';

export interface ApiTarget {
  readonly server?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** A running server's HTTP API, for commands. */
export class ApiClient {
  readonly base: string;
  private readonly authorization: string | undefined;

  constructor(
    { server, user, password }: ApiTarget,
    /** What to do where no server answers. */
    private readonly hint = `Start one with ${typed('start')}, or give its address with --server.`,
    /** The code of what the server refuses. */
    private readonly refused: ErrorCode = 'BAD_REQUEST',
  ) {
    this.base = (server ?? (process.env.WEIR_SERVER || undefined) ?? 'http://localhost:8088').replace(/\/$/, '');
    this.authorization =
      user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`;
  }

  /** Throws `refused` with the server's message where it refuses, NOT_FOUND where none answers. */
  post<T>(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.send<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** As `post`. */
  get<T>(path: string): Promise<T> {
    return this.send<T>(path, { headers: {} });
  }

  private async send<T>(path: string, request: RequestInit & { readonly headers: Record<string, string> }): Promise<T> {
    const { authorization } = this;
    const headers = authorization === undefined ? request.headers : { ...request.headers, authorization };
    let response: Response;
    try {
      response = await fetch(this.base + path, { ...request, headers });
    } catch (e) {
      throw new WeirError('NOT_FOUND', `No Weir server answers at ${this.base}.`, this.hint, { cause: e });
    }
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as T;
    if (response.status === 401)
      throw new WeirError(
        this.refused,
        `${this.base} wants a user and a password, and these were none or not the right ones.`,
        'Give them with --user and --password.',
      );
    throw new WeirError(this.refused, messageIn(text) ?? `The server answered ${response.status}.`);
  }
}

function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: string };
    return message === undefined ? undefined : withoutLinks(message);
  } catch {
    return undefined; // no JSON: something else than Weir has answered
  }
}
