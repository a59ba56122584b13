import { BASIC_AGGREGATES } from './aggregate/basic.js';
import { TIME_AGGREGATES } from './aggregate/by-time.js';
import { COLLECTING_AGGREGATES } from './aggregate/collect.js';
import { DISTINCT_AGGREGATES } from './aggregate/count-distinct.js';
import { OFFSET_AGGREGATES } from './aggregate/offset.js';
import { PERCENTILE_AGGREGATES } from './aggregate/percentile.js';
import { STATISTICS_AGGREGATES } from './aggregate/statistics.js';
import { TOPK_AGGREGATES } from './aggregate/topk.js';
import type { FunctionDeclaration } from './function.js';
import { BYTES_FUNCTIONS } from './scalar/bytes.js';
import { CALENDAR_FUNCTIONS } from './scalar/calendar.js';
import { COLLECTION_FUNCTIONS } from './scalar/collection.js';
import { JSON_FUNCTIONS } from './scalar/json.js';
import { LAMBDA_FUNCTIONS } from './scalar/lambda.js';
import { MASK_FUNCTIONS } from './scalar/mask.js';
import { NULL_FUNCTIONS } from './scalar/nulls.js';
import { NUMERIC_FUNCTIONS } from './scalar/numeric.js';
import { REGEXP_FUNCTIONS } from './scalar/regexp/functions.js';
import { STRING_FUNCTIONS } from './scalar/string.js';
import { TEMPORAL_FUNCTIONS } from './scalar/temporal.js';
import { URL_FUNCTIONS } from './scalar/url.js';
import { TABLE_FUNCTIONS } from './table.js';

export type { AggregateImpl, FunctionConfig, FunctionDeclaration } from './function.js';
export { FunctionRegistry } from './registry.js';

/** Every built-in function, one list a family. */
export const BUILT_IN_FUNCTIONS: readonly FunctionDeclaration[] = [
  ...NUMERIC_FUNCTIONS,
  ...NULL_FUNCTIONS,
  ...STRING_FUNCTIONS,
  ...MASK_FUNCTIONS,
  ...BYTES_FUNCTIONS,
  ...REGEXP_FUNCTIONS,
  ...JSON_FUNCTIONS,
  ...URL_FUNCTIONS,
  ...TEMPORAL_FUNCTIONS,
  ...CALENDAR_FUNCTIONS,
  ...COLLECTION_FUNCTIONS,
  ...LAMBDA_FUNCTIONS,
  ...BASIC_AGGREGATES,
  ...OFFSET_AGGREGATES,
  ...TIME_AGGREGATES,
  ...COLLECTING_AGGREGATES,
  ...TOPK_AGGREGATES,
  ...STATISTICS_AGGREGATES,
  ...PERCENTILE_AGGREGATES,
  ...DISTINCT_AGGREGATES,
  ...TABLE_FUNCTIONS,
];
