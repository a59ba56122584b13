import { WeirError } from '../../base/errors.js';
import type { FormatOption } from '../format.js';

/** What a schema that Weir registers is called in full. */
export const FULL_SCHEMA_NAME: FormatOption = {
  property: 'SCHEMA_FULL_NAME',
  aliases: ['VALUE_AVRO_SCHEMA_FULL_NAME'],
  inherited: false,
  read(value) {
    if (value.trim() !== '') return value;
    throw new WeirError('BAD_STATEMENT', 'fullSchemaName cannot be empty. Format configuration: {fullSchemaName=}');
  },
};
