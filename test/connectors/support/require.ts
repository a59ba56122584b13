import { describe } from 'vitest';

/**
 * `describe` with a component that may be missing: a loud skip then, or a failure where `WEIR_REQUIRE` names it.
 * @param missing why it is missing; undefined: it is there
 */
export function describeWith(component: string, missing: string | undefined, name: string, body: () => void): void {
  if (missing === undefined) {
    describe(name, body);
    return;
  }
  if ((process.env.WEIR_REQUIRE ?? '').split(/[\s,]+/).includes(component)) {
    throw new Error(`WEIR_REQUIRE asks for ${component}, but: ${missing}`);
  }
  console.warn(`SKIPPED: ${name}: ${missing}`);
  describe.skip(`${name} (skipped: ${missing})`, body);
}
