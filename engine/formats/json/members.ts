import { StringCache } from '../../records/intern.js';
import { type Op, SKIP, type ValueReader } from './reader.js';

/** A name as it occurs in the data, and the field it stands for. */
export interface Member {
  readonly op: Op;
  /** Null where the name is no field's. */
  readonly reader: ValueReader | null;
  /** Position in the row; -1 where nobody wants the value. */
  readonly index: number;
  /** Whether the name is the field's own, case included. */
  readonly exact: boolean;
  /** Of a TEXT member. */
  readonly strings: StringCache;
  /** Of an INTEGRAL member: the largest value that is read in the loop. */
  readonly max: number;
  /** The step to go on from when this name turns up unexpectedly. */
  step: Step | null;
}

const NO_STRINGS = new StringCache();

export function newMember(index: number, reader: ValueReader | null, exact: boolean): Member {
  return {
    op: reader?.op ?? SKIP,
    reader,
    index,
    exact,
    strings: reader?.strings ?? NO_STRINGS,
    max: reader?.max ?? 0,
    step: null,
  };
}

/** A name that nobody wants and that is not to be remembered. */
export const UNKNOWN: Member = newMember(-1, null, false);

/**
 * The bytes between the end of one value and the start of another (`,"fare_amount":` with its white space), and what
 * followed the last times. Together the steps are the learned order of a topic's fields.
 */
export interface Step {
  readonly member: Member;
  /** The member's. */
  readonly op: Op;
  readonly length: number;
  /**
   * The bytes, eight at a time, as little-endian doubles: no arithmetic is done on them, and equal doubles are equal bytes
   * here (eight bytes that make a NaN are equal to nothing, and go the slower way). The last overlaps the one before it.
   */
  readonly words: Float64Array;
  /** The first and the last four bytes, where there are fewer than eight. */
  readonly head: number;
  readonly tail: number;
  next: Step | null;
  /** Records in which something else followed; at `patience` of them `next` changes, then it takes twice as many. */
  misses: number;
  patience: number;
}

const PATIENCE = 8;

/** Longer stretches (of white space) are not learned; the shortest there are, like `,"":`, have four bytes. */
export const MAX_STEP_BYTES = 512;

/** The bytes [from, to) before a value of `member`. */
export function newStep(member: Member, b: Buffer, from: number, to: number): Step {
  const length = to - from;
  const short = length < 8;
  const words = new Float64Array(short ? 0 : (length + 7) >>> 3);
  for (let i = 0; i < words.length; i++) words[i] = b.readDoubleLE(Math.min(from + i * 8, to - 8));
  const head = short ? b.readInt32LE(from) : 0;
  const tail = short ? b.readInt32LE(to - 4) : 0;
  return { member, op: member.op, length, words, head, tail, next: null, misses: 0, patience: PATIENCE };
}

/** A step that no bytes take. */
export const nowhere = (): Step => ({
  member: UNKNOWN,
  op: SKIP,
  length: 0,
  words: new Float64Array(0),
  head: 0,
  tail: 0,
  next: null,
  misses: 0,
  patience: PATIENCE,
});

/** Whether the bytes at `p` are those of `step`. `p + step.length` must not lie behind the view's end. */
export function startsWith(view: DataView, p: number, step: Step): boolean {
  const { words, length } = step;
  if (length < 8) return view.getInt32(p, true) === step.head && view.getInt32(p + length - 4, true) === step.tail;
  const last = words.length - 1;
  for (let i = 0; i < last; i++) if (view.getFloat64(p + (i << 3), true) !== words[i]) return false;
  return view.getFloat64(p + length - 8, true) === words[last];
}

/** Names that are remembered: a topic whose objects have names without end must not fill the memory. */
const MAX_MEMBERS = 1024;

interface Slot {
  readonly name: Uint8Array;
  readonly hash: number;
  readonly member: Member;
}

/**
 * Members by the bytes of their names: open addressing, never fuller than half. A name's hash starts at 0 and is
 * `imul(hash, 31) + byte` in 32 bits; the caller has it from walking the name.
 */
export class MemberTable {
  private slots: (Slot | undefined)[] = new Array(64);
  private size = 0;

  get(b: Buffer, start: number, end: number, hash: number): Member | undefined {
    const mask = this.slots.length - 1;
    for (let i = spread(hash) & mask; ; i = (i + 1) & mask) {
      const slot = this.slots[i];
      if (slot === undefined) return undefined;
      if (slot.hash === hash && equals(slot.name, b, start, end)) return slot.member;
    }
  }

  /** False where the table is full. */
  add(b: Buffer, start: number, end: number, hash: number, member: Member): boolean {
    if (this.size >= MAX_MEMBERS) return false;
    this.size++;
    if (this.size * 2 > this.slots.length) {
      const old = this.slots;
      this.slots = new Array(old.length * 2);
      for (const slot of old) if (slot !== undefined) this.put(slot);
    }
    this.put({ name: new Uint8Array(b.subarray(start, end)), hash, member });
    return true;
  }

  private put(slot: Slot): void {
    const mask = this.slots.length - 1;
    let i = spread(slot.hash) & mask;
    while (this.slots[i] !== undefined) i = (i + 1) & mask;
    this.slots[i] = slot;
  }
}

const spread = (hash: number): number => hash ^ (hash >>> 15);

function equals(name: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  const n = name.length;
  if (n !== end - start) return false;
  for (let i = 0; i < n; i++) if (name[i] !== b[start + i]) return false;
  return true;
}
