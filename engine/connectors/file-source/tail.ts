import type { FileHandle } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../base/clock.js';

const CHUNK = 256 * 1024;
/** How often a file is asked whether it has grown. */
const LOOK_MS = 200;

/** Why a file that was followed ends: another has taken its name, or it was cut off. */
export type TailEnd = 'replaced' | 'cut off';

/**
 * The bytes of a file from `at` on, as they are written to it. It ends where the file does for good; `ended` is told why.
 * @param signal ends it with the signal's reason
 */
export async function* tail(
  handle: FileHandle,
  path: string,
  at: number,
  clock: Clock,
  signal: AbortSignal,
  ended: (why: TailEnd) => void,
): AsyncGenerator<Buffer> {
  const inode = (await handle.stat()).ino;
  let from = at;
  let isReplaced = false;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, from);
    if (bytesRead > 0) {
      from += bytesRead;
      yield buffer.subarray(0, bytesRead);
      continue;
    }
    // Its writer has had time since it was seen to be replaced: what it has now is all.
    if (isReplaced) return ended('replaced');
    if ((await handle.stat()).size < from) return ended('cut off');
    const there = await stat(path).catch((e: NodeJS.ErrnoException) => {
      if (e.code === 'ENOENT') return undefined; // between two files of this name
      throw e;
    });
    isReplaced = there !== undefined && there.ino !== inode;
    await clock.sleep(LOOK_MS, signal);
  }
}

/** The bytes of a file from `at` to its end. */
export async function* read(handle: FileHandle, at: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let from = at; ; ) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, from);
    if (bytesRead === 0) return;
    from += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
