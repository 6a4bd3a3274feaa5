import { answerFor, type IncomingDelivery, type Receiver } from '@gwh/core'

const MAX_BODY_BYTES = 1024 * 1024
const MAX_BYTES_IN_FLIGHT = 64 * MAX_BODY_BYTES

/** Reserves the largest possible size of a body from its headers on, and refuses what no longer fits. */
export function reserving(receiver: Receiver): Receiver {
  let reserved = 0
  return {
    ...receiver,
    async receive(delivery) {
      const bytes = declaredBytes(delivery)
      if (reserved + bytes > MAX_BYTES_IN_FLIGHT) return answerFor('overloaded')
      reserved += bytes
      return await receiver.receive(delivery).finally(() => {
        reserved -= bytes
      })
    },
  }
}

function declaredBytes({ headers }: IncomingDelivery): number {
  const declared = typeof headers.get === 'function' ? headers.get('content-length') : undefined
  return Number(declared ?? MAX_BODY_BYTES)
}
