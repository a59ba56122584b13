import { civilOf, daysOf } from './temporal.js';

/* Weeks as the US counts them, which is what English stands for: from Sunday, the first one holds the first day. */

/** 1 for Sunday. */
export const weekdayOf = (days: number): number => ((((days + 4) % 7) + 7) % 7) + 1;

const sundayOf = (days: number): number => days - weekdayOf(days) + 1;

/** The first day of a week-based year. */
export const startOfWeekYear = (year: number): number => sundayOf(daysOf(year, 1, 1));

export function weekOfYear(days: number): { readonly year: number; readonly week: number } {
  const { year: y } = civilOf(days);
  const year = days >= startOfWeekYear(y + 1) ? y + 1 : y;
  return { year, week: (sundayOf(days) - startOfWeekYear(year)) / 7 + 1 };
}

export function weekOfMonth(days: number): number {
  const { year, month } = civilOf(days);
  return (sundayOf(days) - sundayOf(daysOf(year, month, 1))) / 7 + 1;
}
