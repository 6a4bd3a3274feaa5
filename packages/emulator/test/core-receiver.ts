import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver, type ReceiverOptions, type ReceiverSignal } from '@gwh/core'
import { createNodeHandler } from '@gwh/node'
import { onTestFinished } from 'vitest'

/** A receiver as a user has one, and what it made of each request. */
export interface CoreReceiver {
  url: string
  /** One word per signal: what was accepted or known, or the code of the refusal. */
  outcomes: string[]
  /** The ids of the jobs whose events were handled, in order. */
  handled: string[]
}

/** Starts `createReceiver` behind `@gwh/node`; its clock is the emulator's. */
export async function startCoreReceiver(options: ReceiverOptions): Promise<CoreReceiver> {
  const outcomes: string[] = []
  const handled: string[] = []
  const observer = (signal: ReceiverSignal) => {
    if (signal.type === 'refused') outcomes.push(signal.code)
    if (signal.type === 'accepted' || signal.type === 'duplicate') outcomes.push(signal.type)
  }
  const receiver = createReceiver({ ...options, observer })
  receiver.on('*', (event) => void handled.push(String(event.data.id)))
  const server = createServer(createNodeHandler(receiver, { path: '/hook' }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await receiver.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, outcomes, handled }
}
