import type { DeliveryRecord } from '@gwh/core/queue'
import { CliError } from '../shared/cli-error.ts'

/** What to do when a delivery is handled and its body is gone. */
export const RETAIN_HINT = 'A queue keeps the bodies of handled deliveries with its option retainBodies.'

/** Creates the error for a key or webhook-id that the queue does not have. */
export const unknownDelivery = (id: string) => new CliError('failed', `the queue knows no delivery ${id}`)

/** Explains why a delivery is not redriven, by what the queue has under its id. */
export function whyNotRedriven(id: string, record: DeliveryRecord | undefined): CliError {
  if (record?.state === 'done') {
    return new CliError('failed', `${id} is no dead letter: it was handled`, {
      hint: `To run it through the handlers again: gwh queue replay ${id}`,
    })
  }
  return whyNotChanged(id, record)
}

/** Explains why a delivery is not replayed, by what the queue has under its id. */
export function whyNotReplayed(id: string, record: DeliveryRecord | undefined): CliError {
  if (record?.state === 'dead') {
    return new CliError('failed', `${id} was never handled: it is a dead letter`, {
      hint: `To make it pending again: gwh queue redrive ${id}`,
    })
  }
  if (record?.state === 'done' && record.message.body.length === 0) {
    return new CliError('failed', `${id} cannot be replayed: its body was erased when it was handled`, {
      hint: RETAIN_HINT,
    })
  }
  return whyNotChanged(id, record)
}

function whyNotChanged(id: string, record: DeliveryRecord | undefined): CliError {
  if (record === undefined) return unknownDelivery(id)
  const { state } = record
  // A worker, or another command, was faster.
  if (state === 'dead' || state === 'done') return new CliError('failed', `${id} has changed just now`)
  return new CliError('failed', `${id} is ${state}: it is still to be handled`)
}
