/** The engine's public face: what the server, the commands and programs that embed Weir use. */

export { SqlError } from '../parser/source.js';
export { type PeerRowCodec, peerRowCodec } from '../server/wire/peer-rows.js';
export { type ProtoRows, protoRows } from '../server/wire/proto-rows.js';
export * from './api/engine-api.js';
export type * from './api/entities.js';
export { type Clock, systemClock } from './base/clock.js';
export { ERROR_CODES, type ErrorCode, messageOf, WeirError } from './base/errors.js';
export { type Logger, silentLogger } from './base/logger.js';
export type { Properties } from './base/properties.js';
export * from './base/setting.js';
export type { DeployAction, Deployed, DeployOptions, DeployStep } from './deployment/deployment.js';
export { Engine, type EngineOptions } from './engine.js';
export { WITHOUT_EFFECT } from './ksqldb-settings.js';
export { CLIENT_SETTINGS, clientSettingProblem } from './log/kafka/client-settings.js';
export { LOAD_HEADER, type LoadMarks, loadMarks, markText } from './log/load-marks.js';
export type { Log, LogReader, LogWriter } from './log/log.js';
export { buildBatches } from './log/raw-producer.js';
export { BatchBuilder, BatchCursor, partitionOf } from './records/batch.js';
export type { PeerQuery, PeerRead, PeerRows, Peers, QueryPlacement } from './runtime.js';
export { isKnownSetting, PUSH, REQUEST, SETTINGS, Settings, settingNamed } from './settings.js';
export { StatementFailure } from './statements/failure.js';
export { fieldInfo, schemaInfo } from './statements/schema-info.js';
export type { Script } from './statements/scripts.js';
export { doubleText } from './values/java-text.js';
export { printType, type SqlType } from './values/sql-type.js';
export { dateText, instantText, timestampText, timeText } from './values/temporal.js';
export type { Value } from './values/value.js';
