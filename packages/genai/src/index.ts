/**
 * Gemini jobs by webhook, with `@google/genai`: start a job, await it, and fetch its result.
 *
 * @module
 */

export { JobGivenUpError, JobUntrackedError } from './lib/await/errors.ts'
export { createJobs } from './lib/await/jobs.ts'
export type {
  BatchLike,
  Jobs,
  JobsOptions,
  ReconcileOptions,
  ResultOf,
  TrackOptions,
} from './lib/await/jobs-types.ts'
export { type OpenJobName, type ReconcileJobsOptions, reconcile } from './lib/await/reconcile.ts'
export type { Reconciled } from './lib/await/sweep.ts'
export type { DoneOptions } from './lib/await/waiters.ts'
export { checkRequest } from './lib/dispatch/check-request.ts'
export {
  createWebhookConfig,
  type WebhookConfig,
  type WebhookConfigOptions,
} from './lib/dispatch/webhook-config.ts'
export { type ForwardToQueueOptions, forwardToQueue } from './lib/forward/forward-to-queue.ts'
export { type ForwardToUrlOptions, forwardToUrl } from './lib/forward/forward-to-url.ts'
export type { JobsObserver, JobsSignal } from './lib/ledger/signals.ts'
export { type EnsuredWebhook, type EnsureWebhookOptions, ensureWebhook } from './lib/manage/ensure-webhook.ts'
export { type PingWebhookOptions, pingWebhook } from './lib/manage/ping-webhook.ts'
export {
  type RotateSecretOptions,
  type RotationTimes,
  rotateSecret,
  SecretUnsavedError,
} from './lib/manage/rotate-secret.ts'
export { addSecret, liveSecrets, type StoredSecret } from './lib/manage/stored-secrets.ts'
export type { BatchResult } from './lib/results/batch-result.ts'
export {
  type ContinuationMemoryOptions,
  createContinuationMemory,
} from './lib/results/continuation-memory.ts'
export type { ContinuationMemory, RespondOptions } from './lib/results/continue-once.ts'
export type { FetchFile } from './lib/results/download.ts'
export {
  type BatchEvent,
  batchResults,
  type FetchResultOptions,
  fetchResult,
  type JobResult,
  type ReadOptions,
  type ResultFor,
} from './lib/results/fetch-result.ts'
export type {
  CallResult,
  InteractionResult,
  PendingCall,
  PendingCalls,
} from './lib/results/interaction-result.ts'
export type { BatchRow, FailedRow, RowError, SucceededRow } from './lib/results/rows.ts'
export type { VideoFile, VideoResult } from './lib/results/video-result.ts'
export { ApiFailedError } from './lib/shared/api-failed.ts'
export type {
  BatchJobLike,
  InlinedResponseLike,
  InteractionLike,
  InteractionRequest,
  JobClient,
  VideoOperationReader,
  WebhookClient,
  WebhookLike,
} from './lib/shared/client.ts'
export {
  type FailureReason,
  JobFailedError,
  type JobFailureInfo,
  ResultError,
  ResultUnavailableError,
} from './lib/shared/errors.ts'
export type { JobKind, JobLike } from './lib/shared/job-name.ts'
