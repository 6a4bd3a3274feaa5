import { createJobToken, JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { FIXTURE_EVENTS } from '../fixtures/fixture-events.ts'
import {
  type SignedDelivery,
  type SignedDeliveryOptions,
  signedDelivery,
} from '../fixtures/signed-delivery.ts'
import { type OutgoingRequest, renderRequest, toRequest } from '../http/request.ts'
import { openWire, type Wire } from '../http/wire.ts'
import type { WireResponse } from '../http/wire-response.ts'
import { assertEqual, assertThat, ContractViolation } from '../shared/assert.ts'
import type { AdapterContract } from './contract.ts'
import {
  CONTRACT_BODY_TIMEOUT_MS,
  CONTRACT_JOB_KEY,
  CONTRACT_PRIVATE_KEY,
  CONTRACT_SECRET,
} from './contract-receiver.ts'

/** What a test of the adapter contract works with. */
export interface AdapterHarness {
  readonly maxBodyBytes: number
  /** Whether an answer's body counts, and so tells a duplicate from a new delivery. */
  readonly readsBodies: boolean
  /** How long to wait for an answer, in milliseconds. */
  readonly patienceMs: number
  /** Signs a static delivery the receiver accepts. */
  sign(options?: SignedDeliveryOptions): Promise<SignedDelivery>
  /** Signs a dynamic delivery of one of the receiver's jobs, or of another customer's. */
  signDynamic(options?: { ours?: boolean }): Promise<SignedDelivery>
  /** The request that carries a delivery. */
  toRequest(delivery: SignedDelivery): OutgoingRequest
  /** Opens a connection that is closed when the test ends. */
  connect(): Promise<Wire>
  /** Sends a request on a connection of its own. */
  send(request: OutgoingRequest): Promise<WireResponse>
  /** Sends a well-formed delivery. */
  deliver(delivery: SignedDelivery): Promise<WireResponse>
}

/** Registers one rule of the adapter contract. */
export type DefineAdapterRule = (title: string, run: (harness: AdapterHarness) => Promise<void>) => void

const PATIENCE_MS = 5_000

/** Runs one test and leaves no connection behind. */
export async function withAdapterHarness(
  contract: AdapterContract,
  run: (harness: AdapterHarness) => Promise<void>,
): Promise<void> {
  const { secret = CONTRACT_SECRET, dynamic, maxBodyBytes = 1024 * 1024 } = contract
  const { bodyTimeoutMs = CONTRACT_BODY_TIMEOUT_MS, patienceMs = PATIENCE_MS } = contract
  const url = new URL(typeof contract.url === 'string' ? contract.url : await contract.url())
  if (url.protocol !== 'http:') throw new TypeError('the adapter contract needs a plain http URL')
  const readsBodies = contract.answers !== 'status'
  const wires: Wire[] = []

  const harness: AdapterHarness = {
    maxBodyBytes,
    readsBodies,
    patienceMs: bodyTimeoutMs + patienceMs,
    sign: (options) => signedDelivery({ secret, ...options }),
    async signDynamic({ ours = true } = {}) {
      const { privateKey = CONTRACT_PRIVATE_KEY, jobKey = CONTRACT_JOB_KEY } = dynamic || {}
      const event = FIXTURE_EVENTS['batch.succeeded']
      const metadata = ours ? { [JOB_TOKEN_FIELD]: await createJobToken({ jobKey }) } : {}
      return signedDelivery({ event: { ...event, user_metadata: metadata }, privateKey })
    },
    toRequest: (delivery) => toRequest(delivery, url),
    async connect() {
      const wire = await openWire(url.hostname.replace(/^\[|\]$/g, ''), Number(url.port || 80))
      wires.push(wire)
      return readsBodies ? wire : markAnswers(wire)
    },
    async send(request) {
      const wire = await harness.connect()
      wire.write(renderRequest(request))
      return answered(await wire.read(harness.patienceMs, { bodiless: request.method === 'HEAD' }))
    },
    deliver: (delivery) => harness.send(harness.toRequest(delivery)),
  }
  try {
    await run(harness)
  } finally {
    for (const wire of wires) wire.vanish()
  }
}

/** @throws ContractViolation When there is no response */
export function answered(event: Awaited<ReturnType<Wire['read']>>): WireResponse {
  if (typeof event !== 'string') return event
  throw new ContractViolation(`no answer: the connection is ${event}`)
}

/** Answers of which the status alone counts. */
const statusOnly = new WeakSet<WireResponse>()

function markAnswers(wire: Wire): Wire {
  const read: Wire['read'] = async (...args) => {
    const event = await wire.read(...args)
    if (typeof event !== 'string') statusOnly.add(event)
    return event
  }
  return Object.create(wire, { read: { value: read } }) as Wire
}

/** @throws ContractViolation unless the response has that status and, where bodies count, exactly that JSON */
export function expectAnswer(response: WireResponse, status: number, body: object): void {
  if (statusOnly.has(response)) {
    assertThat(response.status === status, `the status is ${response.status}, not ${status}`)
    return
  }
  assertEqual([response.status, response.body], [status, JSON.stringify(body)], 'answer')
  const type = response.headers.get('content-type') ?? ''
  assertEqual(type.split(';')[0], 'application/json', 'content-type')
}

/** The documented answers, by the word in their body. */
export const accepted = (response: WireResponse) => expectAnswer(response, 200, { status: 'accepted' })
export const duplicate = (response: WireResponse) => expectAnswer(response, 200, { status: 'duplicate' })
export const refused = (response: WireResponse, status: number, error: string) =>
  expectAnswer(response, status, { error })
/** Every 401 has the same body, so that it does not reveal which check failed. */
export const unauthorized = (response: WireResponse) => refused(response, 401, 'unauthorized')
