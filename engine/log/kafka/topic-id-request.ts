import { ByteWriter } from '../../records/bytes.js';
import { check } from './errors.js';
import { Reader, writeCompactString, writeUvarint } from './protocol.js';

/** Metadata v10: asks about one topic, which is not made. */
export function encodeTopicId(topic: string): Buffer {
  const w = new ByteWriter(64);
  writeUvarint(w, 2); // one topic
  w.copy(new Uint8Array(16)); // by its name
  writeCompactString(w, topic);
  w.byte(0);
  w.byte(0); // it is not made
  w.byte(0); // nor is told who may do what, with the cluster
  w.byte(0); // or the topic
  w.byte(0);
  return w.bytes();
}

/** The id in the answer. @throws KafkaError where there is no such topic */
export function decodeTopicId(payload: Buffer, what: string): string {
  const r = new Reader(payload);
  r.tags();
  r.int32(); // throttle time
  for (let brokers = r.uvarint() - 1; brokers > 0; brokers--) {
    r.int32();
    r.compactString(); // host
    r.int32(); // port
    r.compactString(); // rack
    r.tags();
  }
  r.compactString(); // cluster
  r.int32(); // controller
  r.uvarint();
  const code = r.int16();
  check(code, what);
  r.compactString(); // its name
  return r.uuid();
}
