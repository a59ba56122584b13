import { LosslessNumber, parse } from 'lossless-json';

/** Text in which a number may have more digits than a double holds. */
const MANY_DIGITS = /[\d.]{16,}/;

/**
 * Parses JSON without losing digits: a number that a double may round comes as `LosslessNumber`. Text without long numbers,
 * nearly all there is, goes through JSON.parse.
 */
export function parseExact(text: string): unknown {
  return MANY_DIGITS.test(text) ? parse(text, undefined, { parseNumber, onDuplicateKey }) : JSON.parse(text);
}

/** 15 significant digits always survive a double. */
const parseNumber = (text: string): number | LosslessNumber =>
  text.replace(/[eE].*/, '').replace(/\D/g, '').length <= 15 ? Number(text) : new LosslessNumber(text);

/** As JSON.parse has it. */
const onDuplicateKey = ({ newValue }: { readonly newValue: unknown }): unknown => newValue;
