import { SOURCE_PROPERTIES } from '../engine/analyzer/properties.js';
import { NAMED_FORMATS } from '../engine/formats/index.js';

/** What the shell completes in WITH clauses, as the engine declares it. */
export const language = { formats: NAMED_FORMATS.map((f) => f.name), properties: SOURCE_PROPERTIES };
