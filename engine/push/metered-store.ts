import type { KeyValueOp } from '../log/log.js';
import type { Store } from '../stores/store.js';

/** Tells how much a store grows, for those that must bound it. */
export class MeteredStore implements Store {
  constructor(
    private readonly store: Store,
    /** Bytes more, or fewer, than before. May throw to refuse. */
    private readonly grown: (bytes: number) => void,
  ) {}

  get name(): string {
    return this.store.name;
  }

  get dirtyBytes(): number {
    return this.store.dirtyBytes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.store.get(key);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.grown(value.length + key.length - this.sizeOf(key));
    this.store.put(key, value);
  }

  delete(key: Uint8Array): void {
    this.grown(-this.sizeOf(key));
    this.store.delete(key);
  }

  range(from: Uint8Array | undefined, to: Uint8Array | undefined): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    return this.store.range(from, to);
  }

  drain(): readonly KeyValueOp[] {
    return this.store.drain();
  }

  databaseOps(): readonly KeyValueOp[] {
    return this.store.databaseOps();
  }

  committed(): void {
    this.store.committed();
  }

  discard(): void {
    this.store.discard();
  }

  private sizeOf(key: Uint8Array): number {
    const value = this.store.get(key);
    return value === undefined ? 0 : value.length + key.length;
  }
}
