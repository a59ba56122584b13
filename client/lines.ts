import { WeirClientError } from './errors.js';

/** The lines of a response as they come, without empty ones: see `lineBatches`. */
export async function* textLines(response: Response, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
  for await (const lines of lineBatches(response, signal)) yield* lines;
}

/**
 * The lines of a response, without empty ones, as many as came together. Leaving the loop ends the request. Throws
 * CONNECTION_LOST where the answer breaks off, or what `signal` was aborted with.
 */
export async function* lineBatches(
  response: Response,
  signal?: AbortSignal,
): AsyncGenerator<readonly string[], void, undefined> {
  if (response.body === null) return;
  const reader = response.body.getReader() as {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>;
    cancel(): Promise<void>;
  };
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((e: unknown) => {
        throw signal?.aborted === true ? e : WeirClientError.lost(e);
      });
      const lines = (done ? decoder.decode() : decoder.decode(value, { stream: true })).split('\n');
      // Of a line without an end only the new part is looked at again.
      lines[0] = rest + lines[0]!;
      rest = done ? '' : lines.pop()!;
      const full = lines.filter((line) => line !== '');
      if (full.length > 0) yield full;
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => {}); // of an answer that has broken off nothing is left to cancel
  }
}
