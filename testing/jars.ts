/**
 * Java programs that the tests and the benchmarks run beside Weir: which jars, from Maven Central, in a cache folder.
 *
 * The cache is `$WEIR_CACHE`, or `.cache/weir` in the home folder. A set of jars is downloaded once, into a temporary
 * folder that is renamed when it is complete, so that two processes may do it at the same time.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The Kafka version that the tests and the benchmarks run against. */
export const KAFKA_VERSION = '4.1.0';

const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/** A named set of Maven coordinates (`group:artifact:version`); the name is that of its cache folder. */
export interface JarSet {
  readonly name: string;
  readonly artifacts: readonly string[];
}

/** The broker, and Kafka's own command line tools. */
export const KAFKA_JARS: JarSet = {
  name: `kafka-${KAFKA_VERSION}`,
  artifacts: [
    `org.apache.kafka:kafka_2.13:${KAFKA_VERSION}`,
    `org.apache.kafka:kafka-tools:${KAFKA_VERSION}`,
    'org.slf4j:slf4j-simple:1.7.36',
  ],
};

/** The folder that holds a set's jars, whether it has been filled or not. */
function jarFolder(set: JarSet): string {
  const cache = process.env.WEIR_CACHE || join(homedir(), '.cache', 'weir');
  return join(cache, set.name, 'libs');
}

/** Whether a program can be found and run. */
export function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder, or not executable: the next one may have it
    }
  });
}

/** What must be installed before {@link fetchJars} and a JVM can work; empty when all is there. */
export function missingJavaTools(sets: readonly JarSet[] = [KAFKA_JARS]): string[] {
  const missing: string[] = [];
  if (!onPath('java')) missing.push('java');
  if (sets.some((set) => !existsSync(jarFolder(set))) && !onPath('mvn')) missing.push('mvn');
  return missing;
}

/** Runs a program to its end. Rejects with the tail of its output unless it exits with 0. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string | Buffer; readonly timeoutMs?: number } = {},
): Promise<{ readonly stdout: Buffer; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, options.timeoutMs ?? 600_000);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => undefined); // EPIPE: the exit code below tells why it went away
    child.stdin.end(options.input ?? '');
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${program}: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const stderr = Buffer.concat(err).toString();
      const stdout = Buffer.concat(out);
      if (code === 0) return resolve({ stdout, stderr });
      const why = timedOut ? 'ran out of time' : signal ? `ended by ${signal}` : `exit code ${code}`;
      reject(new Error(`${program} ${args.join(' ')}: ${why}\n${(stderr + stdout.toString()).slice(-4000)}`));
    });
  });
}

/**
 * Makes sure that a set's jars are in the cache.
 * @returns the folder of the jars, to be used as `java -cp FOLDER/*`
 */
export async function fetchJars(set: JarSet): Promise<string> {
  const target = jarFolder(set);
  if (existsSync(target)) return target;
  const parent = join(target, '..');
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, 'download-'));
  try {
    const dependencies = set.artifacts.map((artifact) => {
      const [group, name, version] = artifact.split(':');
      return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
    });
    await writeFile(
      join(work, 'pom.xml'),
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>weir</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('\n')}</dependencies></project>\n`,
    );
    const args = ['-B', '-q', '-ntp', `${DEPENDENCY_PLUGIN}:copy-dependencies`];
    args.push('-DoutputDirectory=libs', '-DincludeScope=runtime', '-Dmaven.wagon.http.retryHandler.count=3');
    // A second try resumes from what the first one left in Maven's own repository.
    await run('mvn', args, { cwd: work }).catch(() => run('mvn', args, { cwd: work }));
    await rename(join(work, 'libs'), target).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(target)) throw error; // otherwise another process finished first: its jars are as good
    });
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
