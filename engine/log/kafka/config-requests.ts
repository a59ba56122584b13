import { ByteWriter } from '../../records/bytes.js';
import { check } from './errors.js';
import { Reader, writeString } from './protocol.js';

/** Kafka's number for a topic among the resources that have configs. */
export const TOPIC_RESOURCE = 2;
const SET = 0;

/** IncrementalAlterConfigs v0: sets configs of a topic, and leaves its others as they are. */
export function encodeSetConfigs(topic: string, configs: Readonly<Record<string, string>>): Buffer {
  const w = new ByteWriter(128);
  w.int32(1);
  w.byte(TOPIC_RESOURCE);
  writeString(w, topic);
  const entries = Object.entries(configs);
  w.int32(entries.length);
  for (const [name, value] of entries) {
    writeString(w, name);
    w.byte(SET);
    writeString(w, value);
  }
  w.byte(0); // not only to be validated
  return w.bytes();
}

/** @throws KafkaError where it was refused */
export function checkSetConfigs(payload: Buffer, what: string): void {
  const r = new Reader(payload);
  r.int32(); // throttle time
  for (let n = r.int32(); n > 0; n--) {
    const code = r.int16();
    const message = r.string();
    r.skip(1);
    r.string();
    check(code, what, message);
  }
}
