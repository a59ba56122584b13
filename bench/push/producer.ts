import { nowMicros } from './clients.js';

/** How often records are sent. */
const TICK_MS = 20;
/** Of one request: what the server takes. */
const MAX_RECORDS = 10_000;

export interface Produced {
  readonly records: number;
  readonly seconds: number;
}

/**
 * Writes rows `{id, ts}` to a topic of a server at a steady rate, in order: one request at a time. `ts` is when a row was due,
 * so that one that waits for a server that is slow to take it counts as late.
 */
export async function produce(
  address: string,
  topic: string,
  rowsPerSecond: number,
  seconds: number,
): Promise<Produced> {
  const started = performance.now();
  const startedMicros = nowMicros();
  let id = 0;
  for (;;) {
    const elapsed = (performance.now() - started) / 1000;
    if (elapsed >= seconds) break;
    const due = Math.min(Math.floor(elapsed * rowsPerSecond) - id, MAX_RECORDS);
    if (due > 0) {
      let records = '';
      for (let i = 0; i < due; i++, id++) {
        const ts = startedMicros + Math.round((id / rowsPerSecond) * 1e6);
        records += `${i === 0 ? '' : ','}{"value":"{\\"ID\\":${id},\\"TS\\":${ts}}"}`;
      }
      await send(address, topic, `{"records":[${records}]}`);
    }
    if (due < MAX_RECORDS) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  return { records: id, seconds: (performance.now() - started) / 1000 };
}

async function send(address: string, topic: string, body: string): Promise<void> {
  const answer = await fetch(`${address}/topics/${topic}/records`, { method: 'POST', body });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(text);
}
