import type { EntityWarning } from '../api/entities.js';
import { messageOf } from '../base/errors.js';
import type { TopicRef } from '../catalog/index.js';
import { type WindowSpec, windowExtent } from '../plan/topology.js';
import type { EngineParts, StatementContext } from './context.js';

/** How long a statement waits for the first records of a topic, and how many partitions are looked at. */
const LOOK_MS = 1000;
const LOOKED_AT = 8;
const DAY_MS = 86_400_000;

/**
 * The retention trap: a log deletes records by their timestamps, and these are event times. Old events (a replay, an
 * archive) are deleted minutes after they were written, before or while a query reads them. Warnings for topics whose
 * first records are older than the topic keeps. Never an error: what cannot be found out is not warned of.
 */
export async function retentionWarnings(
  context: StatementContext,
  topics: readonly string[],
): Promise<readonly EntityWarning[]> {
  const { logger } = context.parts;
  const warnings: EntityWarning[] = [];
  for (const topic of new Set(topics)) {
    try {
      const message = await retentionWarning(context.parts, topic);
      if (message === undefined) continue;
      logger.warn({ topic }, message);
      warnings.push({ message });
    } catch (e) {
      logger.debug({ topic, error: messageOf(e) }, 'the retention of a topic could not be looked at');
    }
  }
  return warnings;
}

/** A topic that lets go of windows which a late record could still change: then the table has rows that its topic has not. */
export function windowRetentionWarnings(
  { name, retentionMs }: TopicRef,
  window: WindowSpec | undefined,
): readonly EntityWarning[] {
  if (window === undefined || retentionMs === null || retentionMs < 0) return [];
  const open = windowExtent(window) + window.graceMs;
  if (retentionMs >= open) return [];
  return [
    {
      message:
        `Topic ${name} keeps records for ${retentionMs} ms (RETENTION_MS), and a window takes records for ${open} ms (size ` +
        'and grace): rows may be deleted from the topic that a late record could still have changed.',
    },
  ];
}

async function retentionWarning(parts: EngineParts, topic: string): Promise<string | undefined> {
  const { log, clock } = parts;
  const config = await log.topicConfig?.(topic);
  const retentionMs = Number(config?.['retention.ms'] ?? -1);
  if (config === undefined || !(retentionMs >= 0)) return undefined;
  if (!(config['cleanup.policy'] ?? 'delete').includes('delete')) return undefined;
  const oldest = await oldestOf(parts, topic);
  if (oldest === undefined || oldest >= clock.now() - retentionMs) return undefined;
  return (
    `Topic ${topic} holds records of ${new Date(oldest).toISOString().slice(0, 10)} and keeps records for ` +
    `${period(retentionMs)} (retention.ms=${retentionMs}): Kafka deletes them soon after they were written, by their ` +
    `own time. Set retention.ms=-1 on the topic to keep them.`
  );
}

/** The largest timestamp of the first batch that is oldest; undefined where there is no record. */
async function oldestOf({ log, clock, serviceId }: EngineParts, topic: string): Promise<number | undefined> {
  const ranges = (await log.offsets(topic)).filter((o) => o.end > o.earliest).slice(0, LOOKED_AT);
  if (ranges.length === 0) return undefined;
  const reader = log.reader({ clientId: `${serviceId}-retention`, partitionBytes: 64 * 1024 });
  const missing = new Set(ranges.map((r) => r.partition));
  let oldest: number | undefined;
  try {
    for (const { partition, earliest } of ranges) reader.assign(topic, partition, earliest);
    for (const until = clock.now() + LOOK_MS; missing.size > 0 && clock.now() < until; ) {
      for (const { partition, batches } of await reader.poll(Math.max(1, until - clock.now()))) {
        const [first] = batches;
        if (first === undefined) continue;
        if (!first.logAppendTime) oldest = Math.min(oldest ?? first.maxTimestamp, first.maxTimestamp);
        missing.delete(partition);
        reader.unassign(topic, partition);
      }
    }
  } finally {
    await reader.close();
  }
  return oldest;
}

const period = (ms: number): string =>
  ms >= 2 * DAY_MS ? `${Math.round(ms / DAY_MS)} days` : `${Math.round((ms / DAY_MS) * 240) / 10} hours`;
