/**
 * Explains in words why a delivery fails verification.
 *
 * @module
 */

export { type Explanation, type ExplanationReason, explainFailure } from './lib/verify/explain.ts'
