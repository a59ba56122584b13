import { shell } from '../../shell/main.js';

/** The shell as a program of its own, without the engine's words. */
process.exitCode = await shell(process.argv.slice(2), async () => ({ formats: [], properties: [] }));
