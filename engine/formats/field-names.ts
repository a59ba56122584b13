import { WeirError } from '../base/errors.js';
import type { FormatRef } from '../plan/format-ref.js';
import type { Column } from '../values/schema.js';
import type { SqlType } from '../values/sql-type.js';
import type { CoderContext, Format, FormatOption } from './format.js';

/*
 * SQL's names are upper case unless quoted, and so are the fields that columns are written as. VALUE_FIELD_NAME_CASE='PRESERVE'
 * writes fields as the statement has their names. Reading ignores case anyway.
 */

const OPTION = 'fieldNameCase';

const FIELD_NAME_CASE: FormatOption = {
  property: 'FIELD_NAME_CASE',
  inherited: 'always',
  read(value, property) {
    const word = value.trim().toUpperCase();
    if (word === 'PRESERVE' || word === 'UPPER') return word;
    throw new WeirError(
      'BAD_STATEMENT',
      `Invalid value '${value}' for property ${property}.`,
      "'PRESERVE' writes names of fields as the statement has them, 'UPPER' in upper case.",
    );
  },
};

/** Whether fields are written as the statement has their names. */
export const preservesCase = (properties: Readonly<Record<string, string>>): boolean =>
  properties[OPTION] === 'PRESERVE';

/** The columns under the names of their fields, where `ref` wants them as written; but for those that options name. */
export function asWritten(columns: readonly Column[], ref: FormatRef, options: Format['options']): readonly Column[] {
  if (!preservesCase(ref.properties)) return columns;
  const named = Object.entries(options).flatMap(([name, o]) =>
    o.namesColumn === undefined ? [] : [ref.properties[name]],
  );
  return columns.map((c) => {
    const type = fieldsAsWritten(c.type);
    return c.written === undefined || named.includes(c.name) ? { ...c, type } : { ...c, type, name: c.written };
  });
}

/** The type with the fields of its structs under the names that statements have them in, where that is kept. */
export function fieldsAsWritten(type: SqlType): SqlType {
  switch (type.kind) {
    case 'ARRAY':
      return { ...type, element: fieldsAsWritten(type.element) };
    case 'MAP':
      return { ...type, value: fieldsAsWritten(type.value) };
    case 'STRUCT': {
      const fields = type.fields.map((f) => ({ name: f.written ?? f.name, type: fieldsAsWritten(f.type) }));
      return { kind: 'STRUCT', fields };
    }
    default:
      return type;
  }
}

/** Columns named `a` (in quotes) and A, written as `a`, would be one field. */
function checkDistinct(columns: readonly { readonly name: string; readonly type: SqlType }[]): void {
  const seen = new Set<string>();
  for (const { name, type } of columns) {
    if (seen.has(name)) {
      throw new WeirError(
        'BAD_STATEMENT',
        `Two columns would be written as the field '${name}'`,
        "Write one of the names in another way, or leave FIELD_NAME_CASE='PRESERVE' out.",
      );
    }
    seen.add(name);
    checkFields(type);
  }
}

function checkFields(type: SqlType): void {
  if (type.kind === 'ARRAY') checkFields(type.element);
  else if (type.kind === 'MAP') checkFields(type.value);
  else if (type.kind === 'STRUCT') checkDistinct(type.fields);
}

/** A format whose payloads have names of fields, with the option that says in which case. */
export function withFieldNames(format: Format): Format {
  const options = { ...format.options, [OPTION]: FIELD_NAME_CASE };
  const named = (columns: readonly Column[], ref: FormatRef): readonly Column[] => asWritten(columns, ref, options);
  const renamed = (context: CoderContext): CoderContext => ({
    ...context,
    columns: named(context.columns, context.ref),
  });
  const { readBack, schemas } = format;
  return {
    ...format,
    options,
    validate(columns, isKey, ref) {
      const fields = named(columns, ref);
      if (fields !== columns) checkDistinct(fields);
      format.validate(fields, isKey, ref);
    },
    decoder: (context) => format.decoder(renamed(context)),
    encoder: (context) => format.encoder(renamed(context)),
    // Others may write a key's fields in another case.
    keysVary: (ref) => preservesCase(ref.properties) || format.keysVary?.(ref) === true,
    ...(readBack === undefined ? {} : { readBack: (columns, ref) => readBack(named(columns, ref), ref) }),
    ...(schemas === undefined
      ? {}
      : {
          schemas: {
            ...schemas,
            schemaOf: (columns, isKey, ref) => schemas.schemaOf(named(columns, ref), isKey, ref),
          },
        }),
  };
}
