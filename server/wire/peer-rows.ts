import { ByteWriter, RowCodec, type SqlType, type Value, WeirError } from '../../engine/index.js';

/** Rows from node to node: each value exactly as it is stored, BIGINT and DECIMAL, NaN and bytes included. */
export interface PeerRowCodec {
  encode(rows: readonly (readonly Value[])[]): Buffer;
  /** Throws STATE_ERROR for bytes that are no such rows. */
  decode(bytes: Buffer): Value[][];
}

/** For rows of these types: each a length (4 bytes, big endian) and the row as stores keep it. */
export function peerRowCodec(types: readonly SqlType[]): PeerRowCodec {
  const codec = new RowCodec(types);
  return {
    encode: (rows) => {
      const out = new ByteWriter(4096);
      for (const row of rows) {
        const start = out.length;
        out.int32(0);
        codec.encode(row, out);
        out.buffer.writeInt32BE(out.length - start - 4, start);
      }
      return out.toBuffer();
    },
    decode: (bytes) => {
      const rows: Value[][] = [];
      for (let at = 0; at < bytes.length; ) {
        const end = at + 4 <= bytes.length ? at + 4 + bytes.readInt32BE(at) : -1;
        if (end < at + 4 || end > bytes.length)
          throw new WeirError('STATE_ERROR', 'Rows of another node are cut short');
        rows.push(codec.decode(bytes, at + 4, end));
        at = end;
      }
      return rows;
    },
  };
}
