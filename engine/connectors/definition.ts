import { didYouMean } from '../../parser/index.js';
import { WeirError } from '../base/errors.js';
import { type Setting, type SettingGroup, type SettingValues, valuesOf } from '../base/setting.js';
import type { ConnectorKind } from '../catalog/index.js';
import { COMMON_OPTIONS, SINK_OPTIONS, SOURCE_OPTIONS } from './common-options.js';
import type { ConnectorSpec } from './connector.js';
import { namesSecret } from './secrets.js';

export type ConnectorConfig = Readonly<Record<string, string>>;

/** Options of Kafka Connect's workers, which configurations bring along. Here they say nothing. */
const OF_CONNECT =
  /^(name|tasks\.max|(key|value|header)\.converter(\..*)?|config\.action\.reload|errors\.(log\..*|retry\.timeout|deadletterqueue\.(topic\.replication\.factor|context\.headers\.enable)))$/;

/** Every option that a kind has, its own first. */
export function optionsOf({ kind, options }: ConnectorSpec): readonly Setting<unknown>[] {
  const groups: readonly SettingGroup[] = [options, COMMON_OPTIONS, kind === 'SINK' ? SINK_OPTIONS : SOURCE_OPTIONS];
  return groups.flatMap((group) => Object.values(group));
}

const named = (spec: ConnectorSpec, name: string): Setting<unknown> | undefined =>
  optionsOf(spec).find((s) => s.names.includes(name));

/**
 * Checks a configuration as it is written, before secrets are filled in.
 * @returns what is to be said about it all the same
 * @throws BAD_STATEMENT where it cannot be
 */
export function checkConfig(spec: ConnectorSpec, kind: ConnectorKind, config: ConnectorConfig): readonly string[] {
  if (spec.kind !== kind) {
    throw bad(`${spec.name} is a ${spec.kind.toLowerCase()} connector.`, `CREATE ${spec.kind} CONNECTOR makes it.`);
  }
  const remarks: string[] = [];
  for (const [name, value] of Object.entries(config)) {
    const option = named(spec, name);
    if (option === undefined) {
      if (OF_CONNECT.test(name)) remarks.push(`'${name}' has no effect: it is for Kafka Connect's workers.`);
      else throw unknown(spec, name);
      continue;
    }
    const must = namesSecret(value) ? undefined : option.problem(value);
    if (must !== undefined) throw bad(`Option '${name}' ${must}, not '${option.options.secret ? '…' : value}'.`);
    if (option.options.secret === true && !namesSecret(value) && value !== '') {
      remarks.push(
        `'${name}' stands in the command log as it is written. '\${env:NAME}' or '\${file:PATH:KEY}' keep it out of there.`,
      );
    }
  }
  mustHave(spec, config);
  const problem = checked(spec, config);
  if (problem !== undefined) throw bad(problem);
  return remarks;
}

function mustHave(spec: ConnectorSpec, config: ConnectorConfig): void {
  const given = (s: Setting<unknown>): boolean => s.names.some((name) => (config[name] ?? '').trim() !== '');
  for (const key of spec.required) {
    const option: Setting<unknown> = spec.options[key as string]!;
    if (!given(option)) throw bad(`Connector ${spec.name} needs the option '${option.name}'.`, option.description);
  }
  if (spec.kind === 'SINK' && !given(SINK_OPTIONS.from) && !given(SINK_OPTIONS.topics)) {
    throw bad(
      `A sink connector needs 'from' or 'topics': what it reads.`,
      "'from' = 'MY_TABLE' names a stream or table.",
    );
  }
  const namesTopics =
    spec.kind === 'SOURCE' && spec.topicsOption !== undefined && given(spec.options[spec.topicsOption as string]!);
  if (spec.kind === 'SOURCE' && !given(SOURCE_OPTIONS.into) && !given(SOURCE_OPTIONS.topic) && !namesTopics) {
    throw bad(
      `A source connector needs 'into' or 'topic': where its rows go.`,
      "'into' = 'MY_STREAM' names a stream or table.",
    );
  }
}

/** What the kind says of options that fit together badly. With secrets left open it is asked when the connector starts. */
function checked(spec: ConnectorSpec, config: ConnectorConfig): string | undefined {
  if (spec.check === undefined || Object.values(config).some(namesSecret)) return undefined;
  return spec.check(valuesOf(spec.options, config) as never);
}

function unknown(spec: ConnectorSpec, name: string): WeirError {
  const near = didYouMean(
    name,
    optionsOf(spec).flatMap((s) => s.names),
  );
  const hint = near === undefined ? `docs/connectors/${spec.name}.md lists them.` : `Did you mean '${near}'?`;
  return bad(`Connector ${spec.name} has no option '${name}'.`, hint);
}

/** The values of a kind's own options. @throws BAD_REQUEST for one that does not fit, or options that do not fit together */
export function ownOptions(spec: ConnectorSpec, config: ConnectorConfig): SettingValues<SettingGroup> {
  const values = valuesOf(spec.options, config);
  const problem = spec.check?.(values as never);
  if (problem !== undefined) throw new WeirError('BAD_REQUEST', problem);
  return values;
}

/** The configuration as anybody may see it. `spec`: undefined where it is one of Kafka Connect's. */
export function maskedConfig(spec: ConnectorSpec | undefined, config: ConnectorConfig): ConnectorConfig {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      const isSecret =
        spec === undefined
          ? /password|secret|credential|private|token|jaas|api\.?key|access\.?key/i.test(name)
          : named(spec, name)?.options.secret === true;
      return [name, isSecret && !namesSecret(value) && value !== '' ? MASK : value];
    }),
  );
}

const MASK = '[hidden]';
const bad = (message: string, hint?: string): WeirError => new WeirError('BAD_STATEMENT', message, hint);
