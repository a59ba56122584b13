/** A response is at least its correlation id. */
const MIN_BYTES = 4;
/** More than any broker sends: what claims to be longer is no response. */
const MAX_BYTES = 1024 * 1024 * 1024;

/**
 * Puts a connection's responses together: a length (int32), then so many bytes, which begin with the correlation id. Each piece
 * that comes is copied once, into the response's own buffer, and is the caller's again after the call.
 */
export class ResponseReader {
  private readonly head = Buffer.alloc(4);
  private headBytes = 0;
  private response: Buffer | null = null;
  private filled = 0;

  /** `take` keeps what it is given. */
  constructor(private readonly take: (correlationId: number, payload: Buffer) => void) {}

  /** @throws Error for what is no response; the connection is of no use any more */
  push(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      const { response } = this;
      if (response === null) at += this.fillHead(piece, at);
      else {
        const end = Math.min(piece.length, at + response.length - this.filled);
        response.set(piece.subarray(at, end), this.filled);
        this.filled += end - at;
        at = end;
        if (this.filled < response.length) return;
        this.response = null;
        this.take(response.readInt32BE(0), response.subarray(4));
      }
    }
  }

  /** @returns the bytes taken */
  private fillHead(piece: Uint8Array, at: number): number {
    const end = Math.min(piece.length, at + 4 - this.headBytes);
    this.head.set(piece.subarray(at, end), this.headBytes);
    this.headBytes += end - at;
    if (this.headBytes === 4) {
      const length = this.head.readInt32BE(0);
      if (length < MIN_BYTES || length > MAX_BYTES) throw new Error(`A response of ${length} bytes`);
      this.response = Buffer.allocUnsafe(length);
      this.filled = 0;
      this.headBytes = 0;
    }
    return end - at;
  }
}
