import { describe, expect, it } from 'vitest';
import { formatByName } from '../../engine/formats/index.js';
import type { Column } from '../../engine/values/schema.js';
import { INTEGER, STRING, struct } from '../../engine/values/sql-type.js';

const COLUMNS: readonly Column[] = [
  { name: 'TRIP_ID', written: 'trip_id', type: STRING },
  { name: 'AT', written: 'At', type: struct([{ name: 'LAT', written: 'lat', type: INTEGER }]) },
];

const schemaOf = (format: string, properties: Readonly<Record<string, string>>): string =>
  formatByName(format).schemas!.schemaOf(COLUMNS, false, { name: format, properties }).text;

describe('the schema that is registered', () => {
  it.each(['AVRO', 'JSON_SR', 'PROTOBUF'])('%s: has the names as they are written', (format) => {
    const text = schemaOf(format, { fieldNameCase: 'PRESERVE' });
    for (const name of ['trip_id', 'At', 'lat']) expect(text).toMatch(new RegExp(`\\b${name}\\b`));
    expect(text).not.toMatch(/\bTRIP_ID\b|\bAT\b|\bLAT\b/);
  });

  it.each(['AVRO', 'JSON_SR', 'PROTOBUF'])("%s: has SQL's names where nothing is said", (format) => {
    const text = schemaOf(format, {});
    for (const name of ['TRIP_ID', 'AT', 'LAT']) expect(text).toMatch(new RegExp(`\\b${name}\\b`));
    expect(text).not.toMatch(/\btrip_id\b|\bAt\b|\blat\b/);
  });
});
