import { messageOf, WeirError } from '../base/errors.js';

/** What a worker's REST API says of a connector. */
export interface ConnectConnector {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly type: string;
  readonly state: string;
  readonly workerId: string;
  readonly trace: string | undefined;
  readonly tasks: readonly {
    readonly id: number;
    readonly state: string;
    readonly workerId: string;
    readonly trace: string | undefined;
  }[];
}

export interface ConnectPlugin {
  readonly className: string;
  readonly type: string;
  readonly version: string | null;
}

/** Kafka Connect refuses what was asked for: its own words and status. */
export class ConnectRefusal extends WeirError {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(status >= 400 && status < 500 ? 'BAD_STATEMENT' : 'CONNECT_ERROR', message);
  }
}

interface State {
  readonly state: string;
  readonly worker_id: string;
  readonly trace?: string;
}

interface StatusAnswer {
  readonly name: string;
  readonly connector: State;
  readonly tasks: readonly (State & { readonly id: number })[];
  readonly type: string;
}

interface InfoAnswer {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly tasks: readonly unknown[];
  readonly type: string;
}

/** The REST API of a Kafka Connect cluster. What it refuses is a `ConnectRefusal`; where it cannot be reached, CONNECT_ERROR. */
export class KafkaConnect {
  private readonly base: string;
  private readonly authorization: string | undefined;

  constructor(
    url: string,
    private readonly timeoutMs: number,
  ) {
    const at = new URL(url.includes('://') ? url : `http://${url}`);
    const { username, password } = at;
    this.authorization =
      username === ''
        ? undefined
        : `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;
    at.username = at.password = '';
    this.base = at.href.replace(/\/$/, '');
  }

  create(name: string, config: Readonly<Record<string, string>>): Promise<InfoAnswer> {
    return this.send<InfoAnswer>('POST', '/connectors', { name, config });
  }

  async replace(name: string, config: Readonly<Record<string, string>>): Promise<InfoAnswer> {
    return this.send<InfoAnswer>('PUT', `/connectors/${encodeURIComponent(name)}/config`, config);
  }

  async delete(name: string): Promise<void> {
    await this.send('DELETE', `/connectors/${encodeURIComponent(name)}`);
  }

  async pause(name: string): Promise<void> {
    await this.send('PUT', `/connectors/${encodeURIComponent(name)}/pause`);
  }

  async resume(name: string): Promise<void> {
    await this.send('PUT', `/connectors/${encodeURIComponent(name)}/resume`);
  }

  async list(): Promise<readonly ConnectConnector[]> {
    const all = await this.send<Record<string, { readonly info?: InfoAnswer; readonly status?: StatusAnswer }>>(
      'GET',
      '/connectors?expand=info&expand=status',
    );
    return Object.entries(all).map(([name, { info, status }]) => connectorOf(name, info, status));
  }

  /** Undefined: it has none of this name. */
  async describe(name: string): Promise<ConnectConnector | undefined> {
    const path = `/connectors/${encodeURIComponent(name)}`;
    try {
      const info = await this.send<InfoAnswer>('GET', path);
      // A worker knows the status a moment after it knows the connector.
      const status = await this.send<StatusAnswer>('GET', `${path}/status`).catch((e: unknown) => {
        if (e instanceof ConnectRefusal && e.status === 404) return undefined;
        throw e;
      });
      return connectorOf(name, info, status);
    } catch (e) {
      if (e instanceof ConnectRefusal && e.status === 404) return undefined;
      throw e;
    }
  }

  /** Topics that a connector has used. */
  async topics(name: string): Promise<readonly string[]> {
    const answer = await this.send<Record<string, { readonly topics?: readonly string[] }>>(
      'GET',
      `/connectors/${encodeURIComponent(name)}/topics`,
    );
    return answer[name]?.topics ?? [];
  }

  async plugins(): Promise<readonly ConnectPlugin[]> {
    const all = await this.send<{ readonly class: string; readonly type: string; readonly version?: string }[]>(
      'GET',
      '/connector-plugins',
    );
    return all.map((p) => ({ className: p.class, type: p.type, version: p.version ?? null }));
  }

  private async send<T>(method: string, path: string, body?: object): Promise<T> {
    let status: number;
    let text: string;
    try {
      const response = await fetch(this.base + path, {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(this.authorization === undefined ? {} : { authorization: this.authorization }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      status = response.status;
      text = await response.text();
    } catch (e) {
      const why = e instanceof Error && e.cause instanceof Error ? e.cause.message : messageOf(e);
      throw new WeirError(
        'CONNECT_ERROR',
        `Kafka Connect at ${this.base} cannot be reached: ${why}`,
        'ksql.connect.url says where it is.',
        { cause: e },
      );
    }
    if (status >= 200 && status < 300) return (text === '' ? undefined : JSON.parse(text)) as T;
    throw new ConnectRefusal(
      status,
      messageIn(text) ?? `Kafka Connect answers ${method} ${path} with status ${status}.`,
    );
  }
}

/** The message of an error as workers write it, or the text as it is. */
function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text.trim() === '' ? undefined : text;
  }
}

const connectorOf = (
  name: string,
  info: InfoAnswer | undefined,
  status: StatusAnswer | undefined,
): ConnectConnector => ({
  name,
  config: info?.config ?? {},
  type: (info?.type ?? status?.type ?? 'unknown').toLowerCase(),
  state: status?.connector.state ?? 'UNASSIGNED',
  workerId: status?.connector.worker_id ?? '',
  trace: status?.connector.trace,
  tasks: (status?.tasks ?? []).map((t) => ({ id: t.id, state: t.state, workerId: t.worker_id, trace: t.trace })),
});
