import { WeirError } from '../../base/errors.js';
import { type RegisteredSchema, type SchemaRegistry, type SchemaText, sameSchema } from './registry.js';

/** A registry in memory: for tests, and for everyone who has no other. Ids count from 1; equal schemas share one. */
export class MemoryRegistry implements SchemaRegistry {
  private readonly schemas = new Map<number, RegisteredSchema>();
  private readonly subjects = new Map<string, number[]>();
  private nextId = 1;

  /** As `register`, at once. `id`: the id that it must get. Throws REGISTRY_ERROR where that one is another schema's. */
  add(subject: string, schema: SchemaText, id?: number): number {
    const taken = id === undefined ? this.find(schema) : this.claim(id, schema);
    const own = taken ?? this.free();
    if (!this.schemas.has(own)) this.schemas.set(own, { ...schema, id: own });
    const versions = this.subjects.get(subject) ?? [];
    if (versions.at(-1) !== own) this.subjects.set(subject, [...versions.filter((v) => v !== own), own]);
    return own;
  }

  /** The id of an equal schema in a subject. */
  idIn(subject: string, schema: SchemaText): number | undefined {
    return this.subjects.get(subject)?.find((id) => sameSchema(this.schemas.get(id)!, schema));
  }

  /** The id that a schema has, or would get. */
  idFor(schema: SchemaText): number {
    return this.find(schema) ?? this.free();
  }

  known(id: number): RegisteredSchema | null {
    return this.schemas.get(id) ?? null;
  }

  /** As `latest`, at once. */
  latestOf(subject: string): RegisteredSchema | undefined {
    const id = this.subjects.get(subject)?.at(-1);
    return id === undefined ? undefined : this.schemas.get(id);
  }

  async register(subject: string, schema: SchemaText): Promise<number> {
    return this.add(subject, schema);
  }

  async latest(subject: string): Promise<RegisteredSchema | undefined> {
    return this.latestOf(subject);
  }

  async has(subject: string | undefined, id: number | undefined): Promise<boolean> {
    if (subject === undefined) return id !== undefined && this.schemas.has(id);
    const ids = this.subjects.get(subject) ?? [];
    return id === undefined ? ids.length > 0 : ids.includes(id);
  }

  async fetch(id: number): Promise<RegisteredSchema | undefined> {
    return this.schemas.get(id);
  }

  private find(schema: SchemaText): number | undefined {
    for (const [id, s] of this.schemas) if (sameSchema(s, schema)) return id;
    return undefined;
  }

  private claim(id: number, schema: SchemaText): number {
    const was = this.schemas.get(id);
    if (was !== undefined && !sameSchema(was, schema)) {
      throw new WeirError('REGISTRY_ERROR', `Schema id ${id} is that of another schema.`);
    }
    return id;
  }

  private free(): number {
    while (this.schemas.has(this.nextId)) this.nextId++;
    return this.nextId;
  }
}
