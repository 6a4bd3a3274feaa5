import type {
  BatchJob,
  GenerateContentResponse,
  GenerateVideosOperation,
  GoogleGenAI as GoogleGenAI3,
  GoogleGenAIInteraction,
} from '@google/genai'
import type { EventType, KnownEvent, Receiver, WebhookEvent } from '@gwh/core'
import type { GoogleGenAI as GoogleGenAI2 } from 'genai2'
import type { createClient } from 'redis'
import { expectTypeOf, test } from 'vitest'
import type {
  BatchResult,
  BatchRow,
  ContinuationMemory,
  InteractionResult,
  JobClient,
  JobResult,
  Jobs,
  PendingCalls,
  ResultOf,
  VideoResult,
  WebhookClient,
  WebhookConfig,
} from '../src/index.ts'
import { batchResults, fetchResult } from '../src/index.ts'

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

/** Rows are plain JSON, without the getters of the SDK's class. */
type Answer = Pick<GenerateContentResponse, 'candidates' | 'usageMetadata'>

declare const client: JobClient
declare const receiver: Receiver
const eventOf = <T extends EventType>(_: T) => ({}) as KnownEvent<T>

test('the rows of a batch have the type that the caller gives them', () => {
  const fromEvent = () => fetchResult<Answer>(eventOf('batch.succeeded'), { client })
  expectTypeOf(fromEvent).returns.resolves.toEqualTypeOf<BatchResult<Answer>>()
  const fromAny = (event: WebhookEvent) => fetchResult<Answer>(event, { client })
  expectTypeOf(fromAny).returns.resolves.toEqualTypeOf<JobResult<Answer>>()
  const rows = (event: WebhookEvent) => batchResults<Answer>(client, event)
  expectTypeOf(rows).returns.toEqualTypeOf<AsyncGenerator<BatchRow<Answer>>>()
  const untyped = (event: WebhookEvent) => batchResults(client, event)
  expectTypeOf(untyped).returns.toEqualTypeOf<AsyncGenerator<BatchRow>>()
  const read = async (event: WebhookEvent) => {
    for await (const row of batchResults<Answer>(client, event)) {
      if (row.error) expectTypeOf(row.response).toEqualTypeOf<undefined>()
      else expectTypeOf(row.response.candidates).toEqualTypeOf<Answer['candidates']>()
    }
  }
  expectTypeOf(read).toBeFunction()
})

test('the rows of a batch that is awaited have the type that the caller gives them', () => {
  const read = async (jobs: Jobs, batch: BatchJob, interaction: GoogleGenAIInteraction) => {
    expectTypeOf(await jobs.done<Answer>(batch)).toEqualTypeOf<BatchResult<Answer>>()
    expectTypeOf(await jobs.done<Answer>('batches/x')).toEqualTypeOf<JobResult<Answer>>()
    expectTypeOf(await jobs.done(batch)).toEqualTypeOf<BatchResult>()
    expectTypeOf(await jobs.done('batches/x')).toEqualTypeOf<JobResult>()
    expectTypeOf(await jobs.done(interaction)).toEqualTypeOf<InteractionResult | PendingCalls>()
    // @ts-expect-error An interaction has no rows.
    await jobs.done<Answer>(interaction)
  }
  expectTypeOf(read).toBeFunction()
})

test('the result of an event has the type that belongs to it', () => {
  const video = () => fetchResult(eventOf('video.generated'), { client })
  expectTypeOf(video).returns.resolves.toEqualTypeOf<VideoResult>()
  const interaction = () => fetchResult(eventOf('interaction.completed'), { client })
  expectTypeOf(interaction).returns.resolves.toEqualTypeOf<InteractionResult | PendingCalls>()
  const failed = () => fetchResult(eventOf('interaction.failed'), { client })
  expectTypeOf(failed).returns.resolves.toEqualTypeOf<never>()
  const any = (event: WebhookEvent) => fetchResult(event, { client })
  expectTypeOf(any).returns.resolves.toEqualTypeOf<JobResult>()
})

test('the result in a handler is narrowed by its pattern: a type, a family, a list, a type with metadata', () => {
  const register = () => {
    receiver.on('batch.*', async (event) => {
      expectTypeOf(await fetchResult(event, { client })).toEqualTypeOf<BatchResult>()
    })
    receiver.on('video.*', async (event) => {
      expectTypeOf(await fetchResult(event, { client })).toEqualTypeOf<VideoResult>()
    })
    receiver.on(['batch.succeeded', 'video.generated'], async (event) => {
      expectTypeOf(await fetchResult(event, { client })).toEqualTypeOf<BatchResult | VideoResult>()
    })
    receiver.on({ type: 'batch.succeeded', metadata: { job_group: 'nightly' } }, async (event) => {
      expectTypeOf(await fetchResult<Answer>(event, { client })).toEqualTypeOf<BatchResult<Answer>>()
    })
    receiver.on('interaction.*', async (event) => {
      expectTypeOf(await fetchResult(event, { client })).toEqualTypeOf<InteractionResult | PendingCalls>()
    })
  }
  expectTypeOf(register).toBeFunction()
})

test('a Map and a client of Redis remember continuations', () => {
  expectTypeOf<Map<string, string>>().toExtend<ContinuationMemory>()
  expectTypeOf<ReturnType<typeof createClient>>().toExtend<ContinuationMemory>()
})
