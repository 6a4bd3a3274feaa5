import { createMemoryQueue, type DeliveryQueue } from '@gwh/core/queue'
import { queuedDelivery } from '@gwh/testing'
import { createDashboard, type DashboardOptions } from '../src/index.ts'

/** The headers of an action as the page sends it. */
export const ACTION = {
  origin: 'http://ops.test',
  'x-gwh-action': '1',
  'content-type': 'application/json',
}

/** A queue with one dead letter, whose handler threw, and one delivery that waits. */
export async function queueWithDeadLetter(): Promise<DeliveryQueue & { deadKey: string }> {
  const queue = createMemoryQueue()
  const message = queuedDelivery()
  await queue.enqueue(message)
  const fail = async () => {
    throw Object.assign(new Error('the database said no'), { code: 'ECONNREFUSED' })
  }
  await queue.drain(fail, { maxAttempts: 1 })
  await queue.enqueue({ ...queuedDelivery(), key: 'waiting', id: 'msg_waiting' })
  return Object.assign(queue, { deadKey: message.key })
}

/** A dashboard at `/admin` that lets everyone in, and how to call it. */
export function dashboardOver(queue: DeliveryQueue, options: Partial<DashboardOptions> = {}) {
  const dashboard = createDashboard({ queue, authorize: () => true, basePath: '/admin', ...options })

  return async function call(method: string, path: string, body?: unknown, headers: HeadersInit = ACTION) {
    const init = body === undefined ? {} : { body: JSON.stringify(body) }
    const request = new Request(`http://ops.test${path}`, { method, headers, ...init })
    const response = await dashboard(request)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) }
  }
}
