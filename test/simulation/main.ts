import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { addSummary, emptySummary, report, runSeeds, type Summary } from './campaign.js';
import { failed, simulate } from './world.js';

/** Seeds between two lines of progress, for each worker. */
const PROGRESS = 500;
const USAGE = 'usage: npm run simulate -- [--seeds N] [--from FIRST] | --seed S [--query NAME]';

interface Share {
  readonly first: number;
  readonly count: number;
  readonly step: number;
}

/** One seed, told in full; run twice, for it must go the same way again. */
async function one(seed: number, query: string | undefined): Promise<boolean> {
  const options = query === undefined ? {} : { query };
  const first = await simulate(seed, options);
  const again = await simulate(seed, options);
  console.log(first.story());
  const faults = [...first.faults].map(([kind, n]) => `${kind}: ${n}`).join(', ');
  console.log(`seed ${seed}: ${first.query}, ${first.guarantee}; ${first.records} records, ${first.events} events`);
  console.log(`faults: ${faults}`);
  console.log(`trace ${first.trace}, again ${again.trace}${first.trace === again.trace ? '' : ': NOT THE SAME'}`);
  console.log(failed(first) ? first.findings.texts.join('\n') : 'as expected: lost = 0, twice = 0');
  return !failed(first) && first.trace === again.trace;
}

async function many(seeds: number, from: number): Promise<boolean> {
  const workers = Math.min(availableParallelism(), seeds);
  const total = emptySummary();
  let done = 0;
  const started = Date.now();
  const shares = Array.from({ length: workers }, (_, i): Share => {
    return { first: from + i, count: Math.ceil((seeds - i) / workers), step: workers };
  });
  await Promise.all(
    shares.map(
      (share) =>
        new Promise<void>((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), { workerData: share });
          worker.on('message', (part: Summary) => {
            addSummary(total, part);
            done += part.seeds;
            const seconds = (Date.now() - started) / 1000;
            console.error(`${done} of ${seeds} seeds, ${Math.round(seconds)} s, ${total.failures.length} failing`);
          });
          worker.on('error', reject);
          worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`A worker ended with ${code}`))));
        }),
    ),
  );
  console.log(report(total));
  return total.failures.length === 0;
}

/** Reports a part of its share at a time. */
async function work({ first, count, step }: Share): Promise<void> {
  for (let i = 0; i < count; i += PROGRESS) {
    parentPort!.postMessage(await runSeeds(first + i * step, Math.min(PROGRESS, count - i), step));
  }
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      query: { type: 'string' },
    },
  });
  const numbers = [values.seeds, values.from, values.seed ?? '1'].map(Number);
  if (numbers.some((n) => !Number.isSafeInteger(n) || n < 1)) {
    console.error(USAGE);
    return false;
  }
  const [seeds, from, seed] = numbers as [number, number, number];
  return values.seed === undefined ? many(seeds, from) : one(seed, values.query);
}

if (isMainThread) process.exitCode = (await main()) ? 0 : 1;
else await work(workerData as Share);
