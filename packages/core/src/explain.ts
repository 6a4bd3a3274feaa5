export { type Explanation, type ExplanationReason, explainFailure } from './lib/verify/explain.ts'
