import { WebhookError } from '@gwh/core/errors'
import type { DeliveryQueue, DeliveryState } from '@gwh/core/queue'
import { errorAnswer, jsonAnswer } from '../http/answers.ts'
import { readJsonBody } from '../http/json-body.ts'
import type { QueuePage } from '../protocol/queue.ts'
import { toEntry } from './to-entry.ts'

/** The part of a `DeliveryQueue` that looks into it and moves its dead letters. */
export type InspectableQueue = Pick<DeliveryQueue, 'stats' | 'list' | 'get' | 'replay' | 'deadLetters'>

/**
 * Answers a request about a queue by its path below the API: `GET /counts`, `GET /deliveries`, `GET /deliveries/{key}`,
 * and `POST /redrive`, `/purge` and `/replay`. It checks neither who asks nor where the request comes from. Never rejects.
 */
export type QueueApi = (request: Request, path: string) => Promise<Response>

const STATES: readonly DeliveryState[] = ['pending', 'running', 'retrying', 'done', 'dead']
const PAGE_SIZE = 50

/** Creates the API over a queue. */
export function createQueueApi(queue: InspectableQueue): QueueApi {
  return async (request, path) => {
    try {
      return (await answer(queue, request, path)) ?? errorAnswer(404, 'not_found', 'There is no such path.')
    } catch (error) {
      // A message of ours contains nothing secret; any other could.
      if (!(error instanceof WebhookError)) return errorAnswer(500, 'internal', 'The queue failed.')
      return errorAnswer(error.status, error.code, error.message)
    }
  }
}

async function answer(
  queue: InspectableQueue,
  request: Request,
  path: string,
): Promise<Response | undefined> {
  if (request.method === 'POST') return act(queue, request, path)
  if (path === '/counts') return jsonAnswer(await queue.stats())
  if (path === '/deliveries') return list(queue, new URL(request.url).searchParams)
  const key = /^\/deliveries\/(.+)$/.exec(path)?.[1]
  return key === undefined ? undefined : show(queue, decode(key))
}

async function list(queue: InspectableQueue, query: URLSearchParams): Promise<Response> {
  const state = STATES.find((candidate) => candidate === query.get('state'))
  const after = query.get('after')
  const records = await queue.list({
    limit: PAGE_SIZE + 1,
    ...(state && { state }),
    ...(after !== null && { after }),
  })
  const shown = records.slice(0, PAGE_SIZE)
  const page: QueuePage = {
    entries: shown.map(toEntry),
    ...(records.length > PAGE_SIZE && { next: shown.at(-1)!.message.key }),
  }
  return jsonAnswer(page)
}

async function show(queue: InspectableQueue, key: string | undefined): Promise<Response> {
  const record = key === undefined ? undefined : await queue.get(key)
  return record === undefined
    ? errorAnswer(404, 'not_found', 'There is no such delivery.')
    : jsonAnswer(toEntry(record))
}

async function act(queue: InspectableQueue, request: Request, path: string): Promise<Response | undefined> {
  const body = (await readJsonBody(request)) ?? {}
  const { target, olderThan } = body
  if (path === '/redrive' && isTarget(target)) {
    return jsonAnswer({ count: await queue.deadLetters.redrive(target) })
  }
  if (path === '/replay' && isTarget(target)) return jsonAnswer({ count: await queue.replay(target) })
  if (path === '/purge' && typeof olderThan === 'number') {
    return jsonAnswer({ count: await queue.deadLetters.purge({ olderThan }) })
  }
  if (!['/redrive', '/replay', '/purge'].includes(path)) return undefined
  const wanted = path === '/purge' ? "'olderThan', in epoch milliseconds" : "'target'"
  return errorAnswer(400, 'invalid_request', `The body must be a JSON object with ${wanted}.`)
}

function isTarget(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
