/** "Did you mean …?" */

/** Edits (insert, delete, replace, swap neighbours) between two words, or `limit + 1` as soon as it is more. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
      best = Math.min(best, cost);
    }
    if (best > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** Longest name that is compared: names come from users. */
const MAX_COMPARED = 64;

/**
 * The candidate closest to a misspelt name, case ignored, or undefined where none is near enough to be meant: one edit
 * for short names, two from 5 letters on, three from 9 on. Ties go to the earlier candidate.
 */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length === 0 || name.length > MAX_COMPARED) return undefined;
  const wanted = name.toUpperCase();
  let limit = wanted.length < 3 ? 0 : wanted.length < 5 ? 1 : wanted.length < 9 ? 2 : 3;
  let found: string | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toUpperCase(), limit);
    if (distance > limit) continue;
    found = candidate;
    if (distance === 0) break;
    limit = distance - 1;
  }
  return found;
}
