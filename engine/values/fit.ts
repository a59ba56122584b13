import type { Decimal } from './decimal.js';
import { pow10 } from './decimal.js';
import { EvaluationError } from './evaluation-error.js';
import type { SqlType } from './sql-type.js';
import type { Value } from './value.js';

/** A number as DECIMAL(precision, scale), rounded half up. Throws an EvaluationError where it does not fit. */
export function fitDecimal(d: Decimal, precision: number, scale: number): Decimal {
  const fitted = d.fit(precision, scale);
  if (fitted === undefined) throw overflow(d, precision, scale);
  return fitted;
}

/**
 * Throws an EvaluationError where a DECIMAL in the value has more digits than its declared type: what every format and every
 * reader relies on. Null where the type has no DECIMAL in it. NULLs fit.
 */
export type FitCheck = (v: Value) => void;

export function fitCheck(type: SqlType): FitCheck | null {
  switch (type.kind) {
    case 'DECIMAL': {
      const { precision, scale } = type;
      const limit = pow10(precision);
      return (v) => {
        if (v === null) return;
        const d = v as Decimal;
        if (d.scale === scale ? d.unscaled < limit && d.unscaled > -limit : d.fit(precision, scale) !== undefined)
          return;
        throw overflow(d, precision, scale);
      };
    }
    case 'ARRAY':
      return eachOf(fitCheck(type.element));
    case 'MAP': {
      const checks = [eachOf(fitCheck(type.key)), eachOf(fitCheck(type.value))] as const;
      if (checks[0] === null && checks[1] === null) return null;
      return (v) => {
        if (v === null) return;
        checks[0]?.([...(v as Map<Value, Value>).keys()]);
        checks[1]?.([...(v as Map<Value, Value>).values()]);
      };
    }
    case 'STRUCT': {
      const checks = type.fields.map((f) => fitCheck(f.type));
      if (checks.every((c) => c === null)) return null;
      return (v) => {
        if (v === null) return;
        for (let i = 0; i < checks.length; i++) checks[i]?.((v as Value[])[i] ?? null);
      };
    }
    default:
      return null;
  }
}

function eachOf(check: FitCheck | null): FitCheck | null {
  return check === null ? null : (v) => (v as Value[] | null)?.forEach(check);
}

const MAX_SHOWN = 60;

function overflow(d: Decimal, precision: number, scale: number): EvaluationError {
  const text = d.toString();
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return new EvaluationError(`Numeric field overflow: ${shown} does not fit DECIMAL(${precision}, ${scale})`);
}
