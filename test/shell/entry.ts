import { shell } from '../../shell/main.js';

/** The shell as a program of its own. */
process.exitCode = await shell(process.argv.slice(2));
