/** A number as tables of numbers have it. */
export const NUMBER = /^-?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?(?<=\d)$/;

/** A number as JSON has it: `.5`, which tables of numbers have, is 0.5. */
export const numberJson = (text: string): string => text.replace(/^(-?)\./, '$10.');
