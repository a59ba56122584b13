export * from './catalog.js';
export * from './command.js';
export * from './timestamp-of.js';
