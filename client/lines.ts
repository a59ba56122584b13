import { WeirClientError } from './errors.js';

/**
 * The lines of a response as they come, without empty ones. Leaving the loop ends the request. Throws CONNECTION_LOST where
 * the answer breaks off, or what `signal` was aborted with.
 */
export async function* textLines(response: Response, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
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
        if (signal?.aborted) throw e;
        throw new WeirClientError('CONNECTION_LOST', 'The connection was lost in the middle of an answer.', undefined, {
          cause: e,
        });
      });
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split('\n');
      rest = done ? '' : lines.pop()!;
      for (const line of lines) if (line !== '') yield line;
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => {}); // of an answer that has broken off nothing is left to cancel
  }
}
