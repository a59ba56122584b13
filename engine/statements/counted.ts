/** 1,234 */
export const number = (n: number): string => n.toLocaleString('en');

/** 1,234 records */
export const counted = (n: number, what: string): string => `${number(n)} ${what}${n === 1 ? '' : 's'}`;
