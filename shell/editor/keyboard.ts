import { emitKeypressEvents } from 'node:readline';
import type { ReadStream } from 'node:tty';

export interface Key {
  /** The character, where the key has one. */
  readonly text: string | undefined;
  readonly name: string;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly shift: boolean;
}

/** Whether the key was taken; if not, the handler under this one is asked. */
export type KeyHandler = (key: Key) => boolean;

/** Keys that were typed while nobody listened; more are dropped. */
const MAX_WAITING = 65_536;

/** The keys of a terminal in raw mode. Those that nobody takes wait for who reads the next line. */
export class Keyboard {
  private readonly handlers: KeyHandler[] = [];
  private waiting: Key[] = [];
  private replaying = false;
  private readonly onKeypress = (text: string | undefined, key: Partial<Omit<Key, 'text'>> & { sequence?: string }) => {
    const plain = text !== undefined && text >= ' ' && text !== '\u007f' && !key.ctrl && !key.meta;
    this.take({
      text: plain ? text : undefined,
      name: key.name ?? key.sequence ?? '',
      ctrl: key.ctrl === true,
      meta: key.meta === true,
      shift: key.shift === true,
    });
  };

  constructor(
    private readonly stdin: ReadStream,
    /** To the terminal. */
    private readonly write: (text: string) => void,
    private readonly onEnd: () => void,
  ) {}

  open(): void {
    emitKeypressEvents(this.stdin);
    this.stdin.on('keypress', this.onKeypress);
    this.stdin.once('end', this.onEnd);
    this.takeTerminal();
  }

  close(): void {
    this.leaveTerminal();
    this.stdin.off('keypress', this.onKeypress);
    this.stdin.off('end', this.onEnd);
  }

  /** Another program reads the keys until the function that this gives is called. */
  release(): () => void {
    this.leaveTerminal();
    return () => this.takeTerminal();
  }

  /** @param replay the keys that wait come first; gives the function that ends it */
  listen(handler: KeyHandler, replay = false): () => void {
    this.handlers.push(handler);
    if (replay) {
      this.replaying = true;
      while (this.waiting.length > 0 && this.handlers.includes(handler)) handler(this.waiting.shift()!);
      this.replaying = false;
    }
    return () => this.unlisten(handler);
  }

  unlisten(handler: KeyHandler): void {
    const at = this.handlers.lastIndexOf(handler);
    if (at !== -1) this.handlers.splice(at, 1);
  }

  /** What was typed ahead is forgotten. */
  forget(): void {
    this.waiting = [];
  }

  private take(key: Key): void {
    if (!this.replaying) {
      for (const handler of [...this.handlers].reverse()) if (handler(key)) return;
    }
    if (this.waiting.length < MAX_WAITING) this.waiting.push(key);
  }

  private takeTerminal(): void {
    this.stdin.setRawMode(true);
    this.stdin.resume();
    this.write('\u001b[?2004h'); // pasted text comes in brackets
  }

  private leaveTerminal(): void {
    this.write('\u001b[?2004l');
    this.stdin.setRawMode(false);
    this.stdin.pause();
  }
}
