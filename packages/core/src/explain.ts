export { type Explanation, type ExplanationReason, explainFailure } from './lib/explain.ts'
