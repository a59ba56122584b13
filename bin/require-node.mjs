// Ends the process, with one line, on a Node that is too old. Written so that old versions can read it.
import { readFileSync } from 'node:fs';

const wanted = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).engines.node.slice(2);
const [major, minor] = wanted.split('.').map(Number);
const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
if (ownMajor < major || (ownMajor === major && ownMinor < minor)) {
  console.error(`Weir needs Node ${wanted} or newer; this is ${process.version}.`);
  process.exit(1);
}
