// Makes a release: checks, writes the version and the changelog's heading, commits, tags. It pushes and publishes nothing.
// usage: node scripts/release.mjs VERSION|major|minor|patch [--dry-run] [--skip-tests]
//   --dry-run     all checks; writes nothing
//   --skip-tests  without the tests: for when CI has run them on this commit
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const BRANCH = 'main';
const HEADING = '## [Unreleased]';

function fail(message) {
  console.error(`release: ${message}`);
  process.exit(1);
}

/** What a program prints; its failure ends the release. */
function read(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) fail(`${command} ${args.join(' ')} failed: ${error?.message ?? (stderr || stdout).trim()}`);
  return stdout.trim();
}

function run(command, ...args) {
  console.log(`release: ${command} ${args.join(' ')}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
}

const numbers = (version) => /^(\d+)\.(\d+)\.(\d+)$/.exec(version)?.slice(1).map(Number);

/** The version that is asked for: itself, or the next one of that kind. */
function next(current, asked) {
  const [major, minor, patch] = numbers(current);
  if (asked === 'major') return `${major + 1}.0.0`;
  if (asked === 'minor') return `${major}.${minor + 1}.0`;
  if (asked === 'patch') return `${major}.${minor}.${patch + 1}`;
  if (numbers(asked) === undefined) fail(`'${asked}' is no version: write it as 1.2.3, or major, minor or patch.`);
  return asked;
}

const isBefore = (a, b) => {
  const [x, y] = [numbers(a), numbers(b)];
  const i = x.findIndex((n, at) => n !== y[at]);
  return i >= 0 && x[i] < y[i];
};

/** The changelog with what is unreleased under the new version's heading. */
function released(changelog, version, day, repository) {
  const begin = changelog.indexOf(HEADING);
  if (begin < 0) fail(`CHANGELOG.md has no heading '${HEADING}'.`);
  const rest = changelog.slice(begin + HEADING.length);
  const end = rest.search(/^(## |\[Unreleased\]:)/m);
  const section = end < 0 ? rest : rest.slice(0, end);
  if (!/^- /m.test(section)) fail(`CHANGELOG.md says nothing under '${HEADING}'.`);
  const heading = `${HEADING}\n\n## [${version}] - ${day}`;
  return `${changelog.slice(0, begin)}${heading}${rest}`.replace(
    /^\[Unreleased\]: .*$/m,
    `[Unreleased]: ${repository}/compare/v${version}...main\n[${version}]: ${repository}/releases/tag/v${version}`,
  );
}

let options;
try {
  options = parseArgs({
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean' }, 'skip-tests': { type: 'boolean' } },
  });
} catch (e) {
  fail(e.message);
}
const { values, positionals } = options;
if (positionals.length !== 1) {
  fail('usage: node scripts/release.mjs VERSION|major|minor|patch [--dry-run] [--skip-tests]');
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const version = next(manifest.version, positionals[0]);
const tag = `v${version}`;
// The first release has the version that package.json has already.
if (isBefore(version, manifest.version)) fail(`${version} is before ${manifest.version}.`);
const branch = read('git', 'rev-parse', '--abbrev-ref', 'HEAD');
if (branch !== BRANCH) fail(`releases are made on ${BRANCH}, and this is ${branch}.`);
const changes = read('git', 'status', '--porcelain');
if (changes !== '') fail(`the working tree is not clean:\n${changes}`);
if (read('git', 'tag', '--list', tag) !== '') fail(`there is a tag ${tag} already.`);
const changelogFile = join(root, 'CHANGELOG.md');
const repository = manifest.homepage.replace(/#.*$/, '');
const day = new Date().toISOString().slice(0, 10);
const changelog = released(readFileSync(changelogFile, 'utf8'), version, day, repository);

run('npm', 'run', 'check');
if (!values['skip-tests']) run('npm', 'test');
run('npm', 'pack', '--dry-run', '--loglevel=error');
if (values['dry-run']) {
  console.log(`release: ${tag} could be made; nothing was written.`);
  process.exit(0);
}

writeFileSync(changelogFile, changelog);
run('npm', 'version', version, '--no-git-tag-version', '--allow-same-version');
run('git', 'add', 'CHANGELOG.md', 'package.json', 'package-lock.json');
run('git', 'commit', '--quiet', '-m', `Release ${version}`);
run('git', 'tag', '-a', tag, '-m', `Weir ${version}`);
console.log(`
release: ${tag} is committed and tagged here. To make it public:

  git push origin ${BRANCH} ${tag}
  npm publish

To take it back: git tag -d ${tag} && git reset --hard HEAD~1`);
