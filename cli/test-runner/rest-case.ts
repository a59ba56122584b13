import { casesOf, type TestCase } from './case.js';
import { isObject, type Json, type JsonObject, numberOf, objectsOf, textOf } from './lossless-json.js';

/** A test against a server: statements, records, and what the server answers (README of the suite, section 3). */
export interface RestCase {
  readonly base: TestCase;
  /** By position: what the entities, then the queries, then the queries in Protobuf must answer. */
  readonly responses: readonly JsonObject[];
  readonly expectedError: ExpectedAnswer | null;
  /** The query runs before the records are written. */
  readonly queryFirst: boolean;
  /** Every query is sent once more, for rows in Protobuf. */
  readonly protobuf: boolean;
}

export interface ExpectedAnswer {
  readonly type: string | undefined;
  readonly message: string | undefined;
  readonly status: number | undefined;
}

export function restCasesOf(file: string, test: JsonObject): RestCase[] {
  const conditions = test.get('inputConditions');
  const error = test.get('expectedError');
  return casesOf(file, test).map((base) => ({
    base,
    responses: objectsOf(test.get('responses')),
    expectedError: isObject(error)
      ? {
          type: lastSegment(error.get('type')),
          message: textOf(error.get('message')),
          status: numberOf(error.get('status')),
        }
      : null,
    queryFirst: isObject(conditions) && conditions.get('waitForActivePushQuery') === true,
    protobuf: test.get('testPullWithProtoFormat') === true,
  }));
}

const lastSegment = (v: Json | undefined): string | undefined => textOf(v)?.split('.').at(-1);
