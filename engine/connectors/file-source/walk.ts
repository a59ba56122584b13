import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ConnectorFailed, type SourceContext } from '../connector.js';
import type { AllowedPath } from '../files/folders.js';
import type { Cells } from './cells.js';
import { FileItems, formatOf, type Item, renamedTo } from './items.js';
import { type Listing, Settled } from './listing.js';
import type { FileSourceOptions } from './options.js';
import type { FilePlace, Position } from './position.js';

/** What the files give, one after another. */
export type Step =
  | Exclude<Item, { readonly kind: 'end' }>
  /** All of a file has been given. `goesOn`: another of its name follows. */
  | { readonly kind: 'end'; readonly name: string; readonly goesOn: boolean }
  /** What is there at all. */
  | { readonly kind: 'names'; readonly names: readonly string[] };

/** Goes from file to file, ahead of what is committed. */
export class Walk {
  /** Files that it has given, or that were done before. */
  private readonly given = new Set<string>();
  private readonly told = new Set<string>();

  constructor(
    private readonly context: SourceContext<FileSourceOptions>,
    private readonly cells: Cells,
    private readonly allowed: AllowedPath,
    private readonly listing: Listing,
    private readonly position: Position,
    private readonly signal: AbortSignal,
  ) {}

  async *steps(): AsyncGenerator<Step> {
    const { listing, context } = this;
    if (listing.single === undefined) yield* this.folder();
    else if (context.options.follow) yield* this.followed(listing.single);
    else yield* this.once(listing.single);
  }

  /** @returns once the file has been given */
  private async *once(path: string): AsyncGenerator<Step> {
    const name = basename(path);
    if (this.position.isDone(name)) return;
    yield* this.whole(name, path, this.position.file);
  }

  private async *folder(): AsyncGenerator<Step> {
    const { context, listing, position, signal } = this;
    const settled = new Settled(context.options.settleMs);
    let begun = position.file;
    for (;;) {
      const names = (await listing.names()).filter((name) => this.isReadable(name));
      if (begun !== undefined && !names.includes(begun.name)) {
        context.logger.warn({ file: begun.name, line: begun.line }, 'a file is gone that has not been read to its end');
        yield { kind: 'end', name: begun.name, goesOn: true };
        begun = undefined;
      }
      yield { kind: 'names', names };
      position.keepOnly(names);
      for (const name of names) if (position.isDone(name)) this.given.add(name);
      for (const name of this.given) if (!names.includes(name)) this.given.delete(name);
      const order = begun === undefined ? names : [begun.name, ...names.filter((name) => name !== begun?.name)];
      for (const name of order) {
        if (this.given.has(name)) continue;
        const path = listing.pathOf(name);
        const isBegun = name === begun?.name;
        if (!isBegun && !(await settled.has(path, context.clock.now()))) continue;
        settled.forget(path);
        this.given.add(name);
        yield* this.whole(name, path, isBegun ? begun : undefined);
        if (isBegun) begun = undefined;
      }
      await context.clock.sleep(context.options.scanMs, signal);
    }
  }

  private isReadable(name: string): boolean {
    if (formatOf(name, this.context.options) !== undefined) return true;
    if (!this.told.has(name)) {
      this.told.add(name);
      this.context.logger.warn(
        { file: name },
        'a file is left out whose ending does not say what it holds (option format)',
      );
    }
    return false;
  }

  private async *whole(name: string, path: string, from: FilePlace | undefined): AsyncGenerator<Step> {
    const file = await FileItems.open(
      this.context,
      this.cells,
      this.allowed,
      { name, path, from, grows: false },
      this.signal,
    );
    if (file === 'other') {
      throw new ConnectorFailed(
        `${name} was replaced when it had been read up to line ${from?.line ?? 1}.`,
        'Put the file back, or give the new one another name and make the connector anew.',
      );
    }
    for await (const item of file.items()) yield item.kind === 'end' ? { kind: 'end', name, goesOn: false } : item;
  }

  private async *followed(path: string): AsyncGenerator<Step> {
    const { context, cells, allowed, signal } = this;
    const name = basename(path);
    let from = this.position.file;
    for (;;) {
      const there = await stat(path, { bigint: true }).catch((e: NodeJS.ErrnoException) => {
        if (e.code === 'ENOENT') return undefined; // not there yet, or between two
        throw e;
      });
      if (there === undefined) {
        await context.clock.sleep(context.options.scanMs, signal);
        continue;
      }
      const file = await FileItems.open(context, cells, allowed, { name, path, from, grows: true }, signal);
      if (file === 'other') {
        if (String(there.ino) !== from?.inode) yield* this.rest(path, from!);
        else
          context.logger.warn({ file: name, line: from.line }, 'the file was cut off: it is read from its beginning');
      } else {
        for await (const item of file.items()) yield item.kind === 'end' ? { kind: 'end', name, goesOn: true } : item;
        context.logger.info({ file: name }, `the file was ${file.tailEnd ?? 'closed'}: it is read from its beginning`);
      }
      from = undefined;
    }
  }

  /** What a file that has another name now still has. */
  private async *rest(path: string, from: FilePlace): AsyncGenerator<Step> {
    const { context, cells, allowed, signal } = this;
    const folder = dirname(path);
    const old = await renamedTo(folder, await readdir(folder), from.inode, allowed);
    const facts = { name: from.name, path: old ?? path, from, grows: false };
    const file = old === undefined ? 'other' : await FileItems.open(context, cells, allowed, facts, signal);
    if (file === 'other') {
      context.logger.warn(
        { file: from.name, line: from.line },
        'the file was replaced, and what it had behind this line is gone',
      );
      return;
    }
    for await (const item of file.items())
      yield item.kind === 'end' ? { kind: 'end', name: from.name, goesOn: true } : item;
  }
}
