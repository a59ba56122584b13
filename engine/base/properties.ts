/** Settings as they were written, by name. */
export type Properties = Readonly<Record<string, string | number | boolean>>;
