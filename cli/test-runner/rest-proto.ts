import protobuf from 'protobufjs';

/** Messages in Protobuf's text format: a line a field that is set, nested messages in braces, default scalars left out. */
export function protoTexts(schema: string, messages: readonly Buffer[]): string[] {
  const { root } = protobuf.parse(schema, { keepCase: true });
  const type = root.nestedArray.find((n): n is protobuf.Type => n instanceof protobuf.Type);
  if (type === undefined) throw new Error(`no message in ${schema}`);
  root.resolveAll();
  return messages.map((bytes) => textOf(type, type.decode(bytes) as unknown as Fields, ''));
}

type Fields = Readonly<Record<string, unknown>>;

function textOf(type: protobuf.Type, message: Fields, indent: string): string {
  let out = '';
  for (const field of type.fieldsArray.toSorted((a, b) => a.id - b.id)) {
    if (!Object.hasOwn(message, field.name)) continue;
    const value = message[field.name];
    for (const v of field.repeated ? (value as unknown[]) : [value]) {
      if (field.resolvedType instanceof protobuf.Type) {
        out += `${indent}${field.name} {\n${textOf(field.resolvedType, v as Fields, `${indent}  `)}${indent}}\n`;
      } else if (field.repeated || !isDefault(v)) out += `${indent}${field.name}: ${scalarText(v)}\n`;
    }
  }
  return out;
}

const isDefault = (v: unknown): boolean =>
  v === '' || v === false || String(v) === '0' || (v instanceof Uint8Array && v.length === 0);

function scalarText(v: unknown): string {
  if (v instanceof Uint8Array) {
    return `"${[...v].map((b) => (b >= 0x20 && b < 0x7f && b !== 0x22 && b !== 0x5c ? String.fromCharCode(b) : `\\${b.toString(8).padStart(3, '0')}`)).join('')}"`;
  }
  return typeof v === 'string' ? JSON.stringify(v) : String(v);
}
