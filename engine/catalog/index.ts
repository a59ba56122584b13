export * from './catalog.js';
export * from './command.js';
