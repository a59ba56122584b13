/** A typed client for Node and browsers: push and pull queries, statements, inserts. It needs nothing of the server's code. */

export {
  type ClientOptions,
  type Entity,
  type InsertRow,
  type RequestOptions,
  type ServerInfo,
  type SourceInfo,
  type Sources,
  WeirClient,
} from './client.js';
export type { Reconnect } from './connection.js';
export { InsertError, WeirClientError } from './errors.js';
export type { Change, Notice, PushOptions, PushQuery } from './push-query.js';
export type { Column, Row } from './rows.js';
export { parseType, type SqlType } from './sql-type.js';
export type { InsertValue, Value } from './values.js';
