/**
 * A value that an expression cannot be computed for: a division by zero, text that is no number. It concerns one record;
 * whoever runs the expression turns it into a NULL column or a dropped row and an entry in the processing log.
 */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}

/** Its message, for the processing log. Any other error is a fault of the program, and is thrown on. */
export function evaluationMessage(e: unknown): string {
  if (e instanceof EvaluationError) return e.message;
  throw e;
}
