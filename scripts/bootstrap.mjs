// Runs on a fresh clone with Node alone: installs what is missing, builds what has changed, then runs what was asked.
// usage: node scripts/bootstrap.mjs start|shell|weir|test|check|bench|example|simulate|build [arguments…]
import '../bin/require-node.mjs';
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a program of node_modules, or npm, in the project's folder; ends this process where it fails. */
function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (result.error) console.error(result.error.message);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

const tool = (path) => join(root, 'node_modules', path);

/** With it `npx weir-sql` runs this checkout, as it runs the package elsewhere. On Windows there is bin/weir alone. */
function link() {
  const own = tool('.bin/weir');
  if (process.platform !== 'win32' && !existsSync(own)) symlinkSync(join('..', '..', 'bin', 'weir'), own);
}

function install() {
  const stamp = join(root, 'node_modules', '.weir-installed');
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('weir: installing dependencies…');
  run('npm', ['ci', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error']);
  writeFileSync(stamp, lock);
}

const SOURCES = ['parser', 'engine', 'server', 'shell', 'client', 'cli', 'bench', 'examples'];

function newest(folder) {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) time = Math.max(time, newest(path));
    else if (/\.(ts|tsx)$/.test(entry.name)) time = Math.max(time, statSync(path).mtimeMs);
  }
  return time;
}

function build() {
  const stamp = join(root, 'dist', '.weir-built');
  const changed = Math.max(
    ...SOURCES.filter((f) => existsSync(join(root, f))).map((f) => newest(join(root, f))),
    statSync(join(root, 'tsconfig.build.json')).mtimeMs,
  );
  if (existsSync(stamp) && statSync(stamp).mtimeMs > changed) return;
  console.error('weir: building…');
  run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, '');
}

/** Hands over to a long-running program; signals reach it, and its exit status is ours. */
function exec(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C at a terminal reaches the child by itself: it would get two.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

/** The `weir` command, in this process: one signal is one signal, and files are named from where the user is. */
async function weir(...args) {
  build();
  const main = join(root, 'dist', 'cli', 'main.js');
  process.setSourceMapsEnabled(true);
  process.argv = [process.argv[0], main, ...args];
  await import(pathToFileURL(main).href);
}

const [what, ...args] = process.argv.slice(2);
install();
link();
switch (what) {
  case 'start':
    await weir('start', ...args);
    break;
  case 'weir':
    await weir(...args);
    break;
  case 'shell':
    await weir('shell', ...args);
    break;
  case 'bench':
    build();
    exec(['--enable-source-maps', join(root, 'dist', 'bench', 'main.js'), ...args]);
    break;
  case 'example':
    build();
    exec(['--enable-source-maps', join(root, 'dist', 'examples', 'main.js'), ...args]);
    break;
  case 'simulate':
    run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.simulate.json']);
    exec(['--enable-source-maps', join(root, 'dist', 'simulation', 'test', 'simulation', 'main.js'), ...args]);
    break;
  case 'test':
    build();
    exec([tool('vitest/vitest.mjs'), 'run', ...args]);
    break;
  case 'check':
    run(process.execPath, [tool('@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings', '.']);
    run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.json']);
    break;
  case 'build':
    // A package must not hold what was built of files that have gone since.
    if (args.includes('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true });
    build();
    break;
  default:
    console.error(
      'usage: node scripts/bootstrap.mjs start|shell|weir|test|check|bench|example|simulate|build [arguments…]',
    );
    process.exit(2);
}
