import type {
  BatchJob,
  GenerateVideosOperation,
  GoogleGenAI as GoogleGenAI3,
  GoogleGenAIInteraction,
} from '@google/genai'
import type { GoogleGenAI as GoogleGenAI2 } from 'genai2'
import { expectTypeOf, test } from 'vitest'
import type {
  BatchResult,
  InteractionResult,
  JobClient,
  JobResult,
  PendingCalls,
  ResultOf,
  VideoResult,
  WebhookClient,
  WebhookConfig,
} from '../src/index.ts'

type BatchConfig<C extends { batches: { create: (...args: never[]) => unknown } }> = NonNullable<
  Parameters<C['batches']['create']>[0]
>

test('clients of both majors fit', () => {
  expectTypeOf<GoogleGenAI2>().toExtend<JobClient & WebhookClient>()
  expectTypeOf<GoogleGenAI3>().toExtend<JobClient & WebhookClient>()
})

test('a webhook configuration fits a batch of both majors', () => {
  type Config = { model: string; src: string; config: { webhookConfig: WebhookConfig } }
  expectTypeOf<Config>().toExtend<BatchConfig<GoogleGenAI2>>()
  expectTypeOf<Config>().toExtend<BatchConfig<GoogleGenAI3>>()
})

test('the result of a job has the type that belongs to it', () => {
  expectTypeOf<ResultOf<BatchJob>>().toEqualTypeOf<BatchResult>()
  expectTypeOf<ResultOf<GenerateVideosOperation>>().toEqualTypeOf<VideoResult>()
  expectTypeOf<ResultOf<GoogleGenAIInteraction>>().toEqualTypeOf<InteractionResult | PendingCalls>()
  expectTypeOf<ResultOf<string>>().toEqualTypeOf<JobResult>()
})
