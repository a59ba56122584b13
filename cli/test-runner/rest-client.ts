import { type Json, parseJson } from './lossless-json.js';

/** What a server answered, its numbers as it wrote them. */
export interface Answer {
  readonly status: number;
  readonly body: Json;
}

/** Not by `client/`, which reads numbers and refusals for its callers: what a server answers is compared as it is. */
export async function post(address: string, path: string, body: object, accept = 'application/json'): Promise<Answer> {
  const response = await fetch(address + path, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: parseJson(await response.text()) };
}

/** A streamed query: `started` resolves with its first row, the header; `answer` when it has ended. */
export function postStreaming(
  address: string,
  path: string,
  body: object,
): { started: Promise<void>; answer: Promise<Answer> } {
  let begin: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const answer = (async () => {
    try {
      const response = await fetch(address + path, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const decoder = new TextDecoder();
      let text = '';
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += decoder.decode(piece, { stream: true });
        begin();
      }
      return { status: response.status, body: parseJson(text) };
    } finally {
      begin();
    }
  })();
  return { started, answer };
}
