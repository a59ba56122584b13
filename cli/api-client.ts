import { WeirClientError } from '../client/errors.js';
import { basicAuthorization, HttpApi } from '../client/http.js';
import { type ErrorCode, WeirError } from '../engine/index.js';
import { withoutLinks } from '../shell/theme.js';
import { typed } from '../shell/typed-command.js';

export interface ApiTarget {
  readonly server?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** A running server's HTTP API, for commands: what goes wrong is said in the words of commands. */
export class ApiClient {
  private readonly api: HttpApi;

  constructor(
    { server, user, password }: ApiTarget,
    /** What to do where no server answers. */
    private readonly hint = `Start one with ${typed('start')}, or give its address with --server.`,
    /** The code of what the server refuses. */
    private readonly refused: ErrorCode = 'BAD_REQUEST',
  ) {
    const url = server ?? (process.env.WEIR_SERVER || undefined) ?? 'http://localhost:8088';
    this.api = new HttpApi(url, user === undefined ? undefined : basicAuthorization(user, password ?? ''));
  }

  get base(): string {
    return this.api.base;
  }

  /** Throws `refused` with the server's message where it refuses, NOT_FOUND where none answers. */
  post<T>(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.api.json<T>(path, { body, headers }).catch((e: unknown) => this.fail(e));
  }

  /** As `post`. */
  get<T>(path: string): Promise<T> {
    return this.api.json<T>(path).catch((e: unknown) => this.fail(e));
  }

  private fail(e: unknown): never {
    if (!(e instanceof WeirClientError)) throw e;
    if (e.code === 'UNREACHABLE') throw new WeirError('NOT_FOUND', e.message, this.hint, { cause: e });
    if (e.status === 401) {
      throw new WeirError(
        this.refused,
        `${this.base} wants a user and a password, and these were none or not the right ones.`,
        'Give them with --user and --password.',
      );
    }
    throw new WeirError(this.refused, withoutLinks(e.message), e.hint === undefined ? undefined : withoutLinks(e.hint));
  }
}
