import type { CodecServices } from '../dataflow/runtime-services.js';
import type { RowDecoder, RowEncoder } from '../formats/format.js';
import type { FormatRef, SourceNode } from '../plan/topology.js';
import type { BatchCursor } from '../records/batch.js';
import { ByteWriter } from '../records/bytes.js';
import type { Column } from '../values/schema.js';
import type { Value } from '../values/value.js';
import type { Letter } from './dead-letter.js';

const JSON_REF: FormatRef = { name: 'JSON', properties: {} };

/** Records of an internal topic, whose bytes nobody else reads, as JSON. */
export class JsonLetters {
  private readonly key: Part | null;
  private readonly value: Part;

  constructor(node: SourceNode, format: CodecServices['format']) {
    this.key = node.key.length === 0 ? null : new Part(node.key, node.keyFormat, true, format);
    this.value = new Part(node.value, node.valueFormat, false, format);
  }

  read({ buffer, keyStart, keyEnd, valueStart, valueEnd }: BatchCursor): Letter {
    return {
      key: keyStart < 0 ? null : (this.key?.read(buffer, keyStart, keyEnd) ?? null),
      value: valueStart < 0 ? null : this.value.read(buffer, valueStart, valueEnd),
    };
  }
}

class Part {
  private readonly decoder: RowDecoder;
  private readonly encoder: RowEncoder;
  private readonly row: Value[];
  private readonly out = new ByteWriter();

  constructor(columns: readonly Column[], ref: FormatRef, isKey: boolean, format: CodecServices['format']) {
    const needed = [...columns.keys()];
    this.decoder = format(ref.name).decoder({ columns, needed, ref, isKey });
    this.encoder = format('JSON').encoder({ columns, needed, ref: JSON_REF, isKey });
    this.row = new Array<Value>(columns.length).fill(null);
  }

  read(bytes: Buffer, start: number, end: number): Buffer | null {
    this.out.reset();
    if (!this.decoder.decode(bytes, start, end, this.row)) return null;
    return this.encoder.encode(this.row, this.out) ? this.out.toBuffer() : null;
  }
}
