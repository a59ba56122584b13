import { expect, test } from 'vitest';
import * as java from '../../engine/functions/scalar/java-math.js';

/** What Java 17 gives, to the last digit; V8's own functions differ in most of these. */
test.each([
  ['log', [0.4173292668220805], -0.8738797600742246],
  ['log', [1000], 6.907755278982137],
  ['log', [5e-324], -744.4400719213812],
  ['log10', [0.788651036907122], -0.10311512134100438],
  ['exp', [9.266844446553916], 10581.309262281537],
  ['exp', [1], Math.E],
  ['exp', [709.7], 1.6549840276802644e308],
  ['exp', [-740], 4.2e-322],
  ['exp', [710], Number.POSITIVE_INFINITY],
  ['sin', [759.2251660980476], -0.862533827133766],
  ['sin', [1e300], -0.8178819121159085],
  ['sin', [-0], -0],
  ['cos', [506.3804444362581], -0.8342488662967203],
  ['cos', [-1e22], 0.523214785395139],
  ['tan', [-932], 1.7555704466412583],
  ['tan', [1.7e308], -0.7407957369844252],
  ['tanh', [-9.247817865342634e-10], -9.247817865342635e-10],
  ['cosh', [-1], 1.543080634815244],
  ['cbrt', [-400], -7.368062997280773],
  ['cbrt', [5e-324], 1.7031839360032603e-108],
  ['pow', [940.0282055552682, 3.7750641001360097], 167416176389.8931],
  ['pow', [-2, 3], -8],
  ['pow', [10, -320], 1e-320],
  ['pow', [0, -1], Number.POSITIVE_INFINITY],
  ['atan2', [6.898574079907834e17, -0.20408860710000254], 1.5707963267948968],
  ['log', [-1], Number.NaN],
  ['log', [0], Number.NEGATIVE_INFINITY],
] as const)('%s(%j) is %d', (name, args, wanted) => {
  const { [name]: call } = java as unknown as Readonly<Record<string, (...x: readonly number[]) => number>>;
  expect(call!(...args)).toBe(wanted);
});
