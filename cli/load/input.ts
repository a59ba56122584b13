import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type TextInput, textInput } from '../../engine/connectors/files/text.js';
import { WeirError } from '../../engine/index.js';

export interface Input extends TextInput {
  /** Size of the file in bytes; undefined for standard input. */
  readonly size: number | undefined;
  /** Bytes of the file read so far. */
  readonly read: () => number;
}

/**
 * A file, or standard input (`-`).
 * @param encoding as `textInput`
 * @throws WeirError NOT_FOUND, BAD_REQUEST
 */
export async function openInput(file: string, encoding: string | undefined): Promise<Input> {
  const isStandard = file === '-';
  let size: number | undefined;
  if (!isStandard) {
    const found = await stat(file).catch((e: NodeJS.ErrnoException) => {
      const text = e.code === 'ENOENT' ? `There is no file ${file}.` : `The file cannot be read: ${e.message}`;
      throw new WeirError('NOT_FOUND', text, undefined, { cause: e });
    });
    if (found.isDirectory()) throw new WeirError('BAD_REQUEST', `${file} is a folder.`, 'Name one of its files.');
    size = found.size;
  }
  let read = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of isStandard ? process.stdin : createReadStream(file)) {
      const bytes = chunk as Buffer;
      read += bytes.length;
      yield bytes;
    }
  };
  const name = isStandard ? 'standard input' : file;
  const names = { encoding: '--encoding', delimiter: '--delimiter' };
  return { ...textInput(counted, { name, encoding, names }), size, read: () => read };
}
