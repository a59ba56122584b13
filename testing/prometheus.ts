/** A real Prometheus for tests (Debian's package `prometheus`): scrapes one target each half second, with the rules of a file. */
import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onPath } from './jars.js';
import { freePorts } from './kafka-broker.js';

export const prometheusMissing = (): string | undefined =>
  onPath('prometheus') ? undefined : 'prometheus not found on the PATH (apt-get install prometheus)';

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface Prometheus {
  alerts(): Promise<readonly Alert[]>;
  stop(): Promise<void>;
}

/** @param target `host:port` with `/metrics` */
export async function startPrometheus(target: string, rules: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-prometheus-'));
  await copyFile(rules, join(folder, 'rules.yml'));
  await writeFile(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
rule_files: [rules.yml]
scrape_configs:
  - job_name: weir
    static_configs: [{ targets: ['${target}'] }]
`,
  );
  const [port] = await freePorts(1);
  const args = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`];
  const child = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + 60_000; ; ) {
    const ready = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2000) }).then(
      (r) => r.ok,
      () => false, // it does not listen yet
    );
    if (ready) break;
    if (child.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`Prometheus did not come up at ${url}.`);
    }
    await pause(100);
  }
  return {
    alerts: async () => {
      const { data } = (await (await fetch(`${url}/api/v1/alerts`)).json()) as { data: { alerts: Alert[] } };
      return data.alerts;
    },
    stop,
  };
}
