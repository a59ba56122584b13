import type { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';

/** Asks for a password at a terminal, and shows nothing of it. Undefined: Ctrl-C or Ctrl-D. */
export function askPassword(user: string, stdin: ReadStream, write: Writable): Promise<string | undefined> {
  stdin.setRawMode(true); // before the question: whoever answers at once is not shown either
  write.write(`Password for ${user}: `);
  stdin.setEncoding('utf8');
  let typed: string[] = [];
  return new Promise((resolve) => {
    const end = (password: string | undefined) => {
      stdin.off('data', onData).off('end', onEnd).pause();
      stdin.setRawMode(false);
      write.write('\n');
      resolve(password);
    };
    const onEnd = () => end(undefined);
    const onData = (text: string) => {
      for (const [at, c] of [...text].entries()) {
        if (c === '\r' || c === '\n') {
          // What is typed behind it is for the shell.
          const rest = [...text].slice(at + 1).join('');
          end(typed.join(''));
          if (rest !== '') stdin.unshift(rest);
          return;
        }
        if (c === '\u0003' || c === '\u0004') return end(undefined);
        if (c === '\u007f' || c === '\b') typed = typed.slice(0, -1);
        else if (c === '\u0015') typed = [];
        else if (c >= ' ') typed.push(c);
      }
    };
    stdin.on('data', onData).on('end', onEnd);
    stdin.resume(); // it was paused where this is not the first question
  });
}
