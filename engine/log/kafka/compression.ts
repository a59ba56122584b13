import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';
import zstd from '@mongodb-js/zstd';
import createSnappy from 'kafkajs-snappy';
import lz4 from 'lz4-napi';
import { BATCH_HEADER, COMPRESSION_MASK } from '../../records/batch.js';
import { COMPRESSIONS, type Compression } from './config.js';
import { KafkaError } from './errors.js';

/** A decompressed batch may not be larger: a few bytes of gzip can stand for gigabytes. */
const MAX_BYTES = 512 * 1024 * 1024;

const gunzipAsync = promisify(gunzip);
const gzipAsync = promisify(gzip);
const snappy = createSnappy();

/** @throws KafkaError for an unknown codec or damaged data */
export async function decompress(codec: number, data: Buffer): Promise<Buffer> {
  const name = COMPRESSIONS[codec];
  try {
    switch (name) {
      case 'gzip':
        return await gunzipAsync(data, { maxOutputLength: MAX_BYTES });
      case 'snappy':
        return await snappy.decompress(data);
      case 'lz4':
        return await lz4.decompressFrame(data);
      case 'zstd':
        return await zstd.decompress(data);
      case 'none':
        return data;
      default:
        throw new Error(`unknown codec ${codec}`);
    }
  } catch (e) {
    const text = `A batch cannot be decompressed (${name ?? codec}): ${(e as Error).message}`;
    throw new KafkaError(text, 2, false, false, { cause: e });
  }
}

/** An unsealed batch with its records compressed: a new one, or `batch` itself for 'none'. */
export async function compressBatch(batch: Buffer, compression: Compression): Promise<Buffer> {
  if (compression === 'none') return batch;
  const records = await compress(compression, batch.subarray(BATCH_HEADER));
  const out = Buffer.allocUnsafeSlow(BATCH_HEADER + records.length);
  batch.copy(out, 0, 0, BATCH_HEADER);
  out.set(records, BATCH_HEADER);
  out.writeInt32BE(out.length - 12, 8);
  out.writeInt16BE((batch.readInt16BE(21) & ~COMPRESSION_MASK) | COMPRESSIONS.indexOf(compression), 21);
  return out;
}

function compress(compression: Exclude<Compression, 'none'>, records: Buffer): Promise<Uint8Array> {
  switch (compression) {
    case 'gzip':
      return gzipAsync(records, { level: constants.Z_BEST_SPEED });
    case 'snappy':
      return snappy.compress({ buffer: records });
    case 'lz4':
      return lz4.compressFrame(records);
    case 'zstd':
      return zstd.compress(records, 3);
  }
}
