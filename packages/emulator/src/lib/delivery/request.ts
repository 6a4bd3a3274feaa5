import type { AttemptPlan } from './attempt-plan.ts'
import type { Delivery, Endpoint } from './delivery.ts'

/** What goes over the wire. */
export interface DeliveryRequest {
  readonly headers: Record<string, string>
  readonly body: Uint8Array<ArrayBuffer>
}

const USER_AGENT = 'gwh-emulator'

/** Builds the request of an attempt, signed for the moment it starts. */
export async function buildRequest(
  delivery: Delivery,
  endpoint: Endpoint,
  startedAt: number,
  plan: AttemptPlan,
): Promise<DeliveryRequest> {
  const { id, body } = delivery
  // The attempt's own time: a day of retries could not pass a five-minute replay window with the event's.
  const timestamp = Math.floor(startedAt / 1000) - plan.ageSeconds
  const signature = await endpoint.sign({ id, timestamp, body: new TextEncoder().encode(body) }, plan.key)
  const headers = {
    ...extraHeaders(delivery),
    'content-type': 'application/json',
    'user-agent': USER_AGENT,
    'accept-encoding': 'identity',
    // A fresh connection: a kept-alive one can die between two attempts and fail a good receiver.
    connection: 'close',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': plan.hasWrongSignature ? spoil(signature) : signature,
  }
  return { headers, body: new TextEncoder().encode(rewrite(body, plan.rewrite)) }
}

function extraHeaders({ endpoint }: Delivery): Readonly<Record<string, string>> {
  return (endpoint.scheme === 'dynamic' && endpoint.requestHeaders) || {}
}

/** Changes a bit in the middle of each signature, so that it still looks like one. */
function spoil(header: string): string {
  return header
    .split(' ')
    .map((entry) => {
      const start = Math.max(entry.lastIndexOf(','), entry.lastIndexOf('.')) + 1
      const at = start + Math.floor((entry.length - start) / 2)
      return `${entry.slice(0, at)}${entry[at] === 'A' ? 'B' : 'A'}${entry.slice(at + 1)}`
    })
    .join(' ')
}

/** Changes a body as the fault does, after it was signed. */
export function rewrite(body: string, how: AttemptPlan['rewrite']): string {
  if (how === undefined) return body
  const event = JSON.parse(body)
  if (how === 'reserialized_body') return JSON.stringify(event, null, 2)
  const id: unknown = event.data?.id
  return JSON.stringify({ ...event, data: { ...event.data, id: typeof id === 'string' ? `${id}x` : 'x' } })
}
