import { instantText } from '../values/temporal.js';
import type { SideStats, StepStats } from './step-stats.js';

/** Late records beyond this share of all are worth a warning. */
const LATE_SHARE = 0.01;

/** What is remarkable about a query's steps: records that came too late, a join that matches nothing. */
export const remarks = (steps: readonly StepStats[]): readonly string[] => [
  ...steps.flatMap((s) => lateRemark(s) ?? []),
  ...steps.flatMap((s) => lostRemark(s) ?? []),
  ...noMatches(steps),
];

/** Of each join that has matched nothing, why. */
export const noMatches = (steps: readonly StepStats[]): readonly string[] => steps.flatMap((s) => whyNoMatch(s) ?? []);

/** Undefined where no more than one per cent of its records were late. */
function lateRemark({ node, records, late }: StepStats): string | undefined {
  if (late <= records * LATE_SHARE) return undefined;
  const share = ((100 * late) / records).toFixed(1);
  return (
    `${count(late)} of ${count(records)} records (${share} %) came to ${node} after the grace of their windows and changed ` +
    'nothing. A longer GRACE PERIOD takes them; SHOW ERRORS lists the latest; ' +
    'weir.errors.late.topic.name names a topic that gets those to come.'
  );
}

function lostRemark({ node, lost }: StepStats): string | undefined {
  if (lost === 0) return undefined;
  const [windows, them, their] = lost === 1 ? ['window', 'it', 'its'] : ['windows', 'them', 'their'];
  return (
    `${count(lost)} ${windows} of ${node} gave no row: stream time jumped past ${them} by more than ${their} size and grace, ` +
    'or RETENTION where it is longer.'
  );
}

/** Why a join has matched nothing so far; undefined where it has, or has had nothing to match. */
function whyNoMatch(s: StepStats): string | undefined {
  if (s.kind === 'window' || s.matched > 0) return undefined;
  const [left, right] = SIDES[s.kind];
  const { left: l, right: r } = s;
  if (l.rows + r.rows === 0) return undefined;
  if (l.rows === 0) {
    return s.kind === 'streamTable'
      ? undefined
      : `${s.node}: no row of ${left} has come, ${count(r.rows)} of ${right}.`;
  }
  const matched = `${s.node}: 0 of ${count(l.rows)} matched: `;
  if (r.rows === 0) return `${matched}no row of ${right} has come.`;
  if (l.nullKeys === l.rows) return `${matched}the keys of ${left} are NULL.`;
  if (r.nullKeys === r.rows) return `${matched}the keys of ${right} are NULL.`;
  const newer = r.from > l.to ? ` (${times(r)}; ${left}'s: ${times(l)})` : '';
  if (s.keyCameLater > 0) {
    return `${matched}${right}'s rows are newer than ${left}'s, which look up what is there when they come${newer}.`;
  }
  if (s.sameKey > 0) {
    const far = `rows with the same key are ${s.nearestMs} ms further apart than WITHIN says, or more`;
    const late = s.late > 0 ? `, and ${count(s.late)} came after the grace` : '';
    return `${matched}${far}${late} (${left}: ${times(l)}; ${right}: ${times(r)}).`;
  }
  const different = keysDiffer(l.keys, r.keys);
  const examples = `${quoted(l.keys[0]!)} of ${left}, ${quoted(r.keys[0]!)} of ${right}`;
  if (different !== undefined) return `${matched}${different}.`;
  if (newer !== '' && l.keys.some((k) => r.keys.includes(k))) {
    return `${matched}${right}'s rows are newer than ${left}'s${newer}.`;
  }
  return `${matched}no row of the other side has one of these keys (${examples}).`;
}

const SIDES = {
  streams: ['the left stream', 'the right stream'],
  streamTable: ['the stream', 'the table'],
  tables: ['the left table', 'the right table'],
} as const;

/** What keys of two sides differ in that are the same but for it. */
const DIFFERENCES: readonly (readonly [what: string, same: (key: string) => string])[] = [
  ['differ in upper and lower case', (k) => k.toLowerCase()],
  ['differ in spaces at their ends', (k) => k.trim()],
  [
    'differ in quotation marks: the key format of one side is not that of its topic',
    (k) => k.replace(/^"(.*)"$/s, '$1'),
  ],
  ['are numbers that are written differently', (k) => (/^\s*[-+]?\d+(\.\d+)?\s*$/.test(k) ? String(Number(k)) : k)],
  ['differ in case, spaces or marks', (k) => k.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')],
];

function keysDiffer(left: readonly string[], right: readonly string[]): string | undefined {
  for (const [what, same] of DIFFERENCES) {
    const others = new Map(right.map((k) => [same(k), k]));
    for (const key of left) {
      const other = others.get(same(key));
      if (other !== undefined && other !== key && same(key) !== '') {
        return `the keys of the two sides ${what} (${quoted(key)} and ${quoted(other)})`;
      }
    }
  }
  const binary = [left, right].findIndex((keys) => keys.every((k) => UNPRINTABLE.test(k)));
  if (binary < 0) return undefined;
  return `the keys of the ${binary === 0 ? 'left' : 'right'} side are no text (${quoted((binary === 0 ? left : right)[0]!)}): \
its KEY_FORMAT is probably not that of its topic`;
}

const UNPRINTABLE = /[\u0000-\u0008\u000e-\u001f\ufffd]/;

const count = (n: number): string => n.toLocaleString('en');
const quoted = (key: string): string => (UNPRINTABLE.test(key) ? JSON.stringify(key) : `'${key}'`);
const times = ({ from, to }: SideStats): string => (from === to ? `all of ${instantText(from)}` : timesText(from, to));

export const timesText = (from: number, to: number): string =>
  from === to ? instantText(from) : `${instantText(from)} to ${instantText(to)}`;
