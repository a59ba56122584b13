declare module 'snappyjs' {
  /** Throws an Error where `compressed` is not in Snappy's raw format, or says that it is longer than `maxLength`. */
  export function uncompress(compressed: Buffer, maxLength?: number): Buffer;
}
