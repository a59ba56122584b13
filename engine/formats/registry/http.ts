import { messageOf, WeirError } from '../../base/errors.js';
import type { RegisteredSchema, SchemaReference, SchemaRegistry, SchemaText, SchemaType } from './registry.js';

export interface HttpRegistryOptions {
  /** Base URLs, tried in turn while they cannot be reached; a path is kept (`http://host/apis/ccompat/v7`). */
  readonly urls: readonly string[];
  /** Basic authentication. */
  readonly user?: { readonly name: string; readonly password: string } | undefined;
  readonly timeoutMs: number;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** Schemas by id that are kept; one of them is a few kilobytes. */
const MAX_CACHED = 10_000;
/** Confluent's error codes of what is not there: subject, version, schema. */
const NOT_FOUND = [40401, 40402, 40403];
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
/** References behind references. */
const MAX_REFERENCES = 200;

/** HTTP's Unprocessable Content: what was sent is not seen to be a schema. */
const NO_SCHEMA = 422;
const JSON_SCHEMA = 'http://json-schema.org/draft-07/schema#';

interface Registration {
  readonly id: number;
}

interface SchemaAnswer {
  readonly id?: number;
  readonly schema: string;
  /** Left out for AVRO. */
  readonly schemaType?: string;
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

/**
 * A registry that speaks Confluent's REST API (https://docs.confluent.io/platform/current/schema-registry/develop/api.html):
 * Confluent's own, Apicurio's and Karapace's. What an id means never changes, so that it is asked for once.
 */
export class HttpRegistry implements SchemaRegistry {
  /** Null: there is no such schema. */
  private readonly schemas = new Map<number, RegisteredSchema | null>();
  private readonly ids = new Map<string, number>();
  private current = 0;

  constructor(private readonly options: HttpRegistryOptions) {}

  known(id: number): RegisteredSchema | null | undefined {
    return this.schemas.get(id);
  }

  async register(subject: string, schema: SchemaText): Promise<number> {
    const key = `${subject}\n${schema.type}\n${schema.text}`;
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    // Apicurio keeps the text as it comes; normalized, one schema in two spellings has one id.
    const path = `/subjects/${encodeURIComponent(subject)}/versions?normalize=true`;
    const declared = declaredJson(schema);
    const answer =
      (await this.request<Registration>('POST', path, bodyOf(schema), declared && NO_SCHEMA)) ??
      (declared && (await this.request<Registration>('POST', path, bodyOf(declared))));
    if (typeof answer?.id !== 'number') throw problem(`gave no id for a schema of ${subject}`);
    if (this.ids.size >= MAX_CACHED) this.ids.clear();
    this.ids.set(key, answer.id);
    this.keep(answer.id, { ...schema, id: answer.id });
    return answer.id;
  }

  async latest(subject: string): Promise<RegisteredSchema | undefined> {
    const answer = await this.request<SchemaAnswer>('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`);
    if (answer === undefined) return undefined;
    if (typeof answer.id !== 'number') throw problem(`gave no id for the latest schema of ${subject}`);
    const schema = { ...(await this.schemaOf(answer)), id: answer.id };
    this.keep(schema.id, schema);
    return schema;
  }

  async has(subject: string | undefined, id: number | undefined): Promise<boolean> {
    if (id === undefined) return subject !== undefined && (await this.latest(subject)) !== undefined;
    const versions = await this.request<readonly { readonly subject: string }[]>('GET', `/schemas/ids/${id}/versions`);
    return versions?.some((v) => subject === undefined || v.subject === subject) ?? false;
  }

  async fetch(id: number): Promise<RegisteredSchema | undefined> {
    const known = this.schemas.get(id);
    if (known !== undefined) return known ?? undefined;
    const answer = await this.request<SchemaAnswer>('GET', `/schemas/ids/${id}`);
    const schema = answer === undefined ? null : { ...(await this.schemaOf(answer)), id };
    this.keep(id, schema);
    return schema ?? undefined;
  }

  private keep(id: number, schema: RegisteredSchema | null): void {
    if (this.schemas.size >= MAX_CACHED) this.schemas.clear();
    this.schemas.set(id, schema);
  }

  private async schemaOf(answer: SchemaAnswer): Promise<SchemaText> {
    const references: SchemaReference[] = [];
    await this.resolve(answer, references);
    return { type: typeOf(answer.schemaType), text: answer.schema, references };
  }

  /** Adds what a schema refers to, what that refers to before it. */
  private async resolve(answer: SchemaAnswer, out: SchemaReference[]): Promise<void> {
    for (const { name, subject, version } of answer.references ?? []) {
      if (out.some((r) => r.name === name)) continue;
      if (out.length >= MAX_REFERENCES) throw problem(`has a schema with more than ${MAX_REFERENCES} references`);
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
      const referenced = await this.request<SchemaAnswer>('GET', path);
      if (referenced === undefined) throw problem(`has no version ${version} of ${subject}, which a schema refers to`);
      await this.resolve(referenced, out);
      out.push({ name, subject, version, text: referenced.schema });
    }
  }

  /** Undefined: what was asked for is not there, or the status is the one that the caller can do something about. */
  private async request<T>(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    expected?: number,
  ): Promise<T | undefined> {
    const { urls } = this.options;
    let failure: unknown;
    for (let n = 0; n < urls.length; n++) {
      const url = `${urls[this.current]!.replace(/\/+$/, '')}${path}`;
      let response: Response;
      let text: string;
      try {
        response = await this.options.fetch(url, this.init(method, body));
        text = await response.text();
      } catch (e) {
        failure = e;
        this.current = (this.current + 1) % urls.length;
        continue;
      }
      return response.status === expected ? undefined : answerOf<T>(response, text, url);
    }
    throw new WeirError(
      'REGISTRY_ERROR',
      `The schema registry at ${urls.join(', ')} cannot be reached: ${reasonOf(failure)}`,
      'Check ksql.schema.registry.url and that the registry runs.',
      { cause: failure },
    );
  }

  private init(method: string, body: unknown): RequestInit {
    const { user, timeoutMs } = this.options;
    const credentials =
      user === undefined ? undefined : Buffer.from(`${user.name}:${user.password}`).toString('base64');
    return {
      method,
      headers: {
        accept: MEDIA_TYPE,
        ...(body === undefined ? {} : { 'content-type': MEDIA_TYPE }),
        ...(credentials === undefined ? {} : { authorization: `Basic ${credentials}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    };
  }
}

function bodyOf({ type, text, references }: SchemaText): object {
  return {
    schema: text,
    ...(type === 'AVRO' ? {} : { schemaType: type }),
    ...(references.length === 0
      ? {}
      : { references: references.map(({ name, subject, version }) => ({ name, subject, version })) }),
  };
}

/**
 * A JSON Schema that says that it is one. Apicurio takes one that is no object (the schema of a bare key) only so;
 * ksqlDB registers it without.
 */
function declaredJson(schema: SchemaText): SchemaText | undefined {
  if (schema.type !== 'JSON') return undefined;
  const root = JSON.parse(schema.text) as unknown;
  if (typeof root !== 'object' || root === null || '$schema' in root) return undefined;
  return { ...schema, text: JSON.stringify({ $schema: JSON_SCHEMA, ...root }) };
}

function answerOf<T>(response: Response, text: string, url: string): T | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    // A proxy's page, or a wrong path: what it says does not matter, its status does.
    answer = undefined;
  }
  if (response.ok && answer !== undefined) return answer as T;
  const { error_code: code, message } = (answer ?? {}) as {
    readonly error_code?: number;
    readonly message?: string;
  };
  // A 404 without one of Confluent's codes is another server's, or a wrong path.
  if (response.status === 404 && code !== undefined && (NOT_FOUND.includes(code) || code === 404)) return undefined;
  if (response.status === 401 || response.status === 403) {
    throw new WeirError(
      'REGISTRY_ERROR',
      `The schema registry refuses the user (HTTP ${response.status}, ${url}).`,
      'Set ksql.schema.registry.basic.auth.user.info to user:password.',
    );
  }
  throw new WeirError(
    'REGISTRY_ERROR',
    `The schema registry answers HTTP ${response.status} to ${url}: ${message ?? text.slice(0, 200)}`,
    response.status === 409 ? 'The schema is not compatible with those that the subject has.' : undefined,
  );
}

function typeOf(name: string | undefined): SchemaType {
  switch (name ?? 'AVRO') {
    case 'AVRO':
      return 'AVRO';
    case 'JSON':
      return 'JSON';
    case 'PROTOBUF':
      return 'PROTOBUF';
    default:
      throw problem(`has a schema of type ${name}`);
  }
}

const problem = (what: string): WeirError => new WeirError('REGISTRY_ERROR', `The schema registry ${what}.`);

/** `fetch failed` says nothing: what is behind it does. */
const reasonOf = (e: unknown): string =>
  e instanceof Error && e.cause !== undefined ? messageOf(e.cause) : messageOf(e);
