/** The engine's public face: what the server, the commands and programs that embed Weir use. */

export { SqlError } from '../parser/source.js';
export * from './api.js';
export type * from './commands/entities.js';
export { StatementFailure } from './commands/failure.js';
export { fieldInfo, schemaInfo } from './commands/schema-info.js';
export type { DeployAction, Deployed, DeployOptions, DeployStep } from './deployment.js';
export { Engine, type EngineOptions } from './engine.js';
export { WITHOUT_EFFECT } from './ksqldb-settings.js';
export { LOAD_HEADER, type LoadMarks, loadMarks, markText } from './load-marks.js';
export { CLIENT_SETTINGS, clientSettingProblem } from './log/kafka/client-settings.js';
export type { Log, LogReader, LogWriter } from './log/log.js';
export { type PeerRowCodec, peerRowCodec } from './peer-rows.js';
export { buildBatches } from './produce.js';
export { type ProtoRows, protoRows } from './proto-rows.js';
export type { PeerQuery, PeerRead, PeerRows, Peers, QueryPlacement } from './runtime/index.js';
export type { Script } from './scripts.js';
export {
  bool,
  isKnownSetting,
  oneOf,
  SETTINGS,
  type SettingCheck,
  Settings,
  settingName,
  settingProblem,
  whole,
} from './settings.js';
export { BatchBuilder, BatchCursor, partitionOf } from './types/batch.js';
export { type Clock, systemClock } from './types/clock.js';
export { ERROR_CODES, type ErrorCode, messageOf, WeirError } from './types/errors.js';
export { doubleText } from './types/java-text.js';
export { type Logger, silentLogger } from './types/logger.js';
export { printType, type SqlType } from './types/sql-type.js';
export { dateText, instantText, timestampText, timeText } from './types/temporal.js';
export type { Value } from './types/value.js';
