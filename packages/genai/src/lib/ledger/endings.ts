import { EVENT_TYPES, type WebhookEvent } from '@gwh/core'
import { type JobKind, toLedgerId } from '../shared/job-name.ts'

/** The type of the event that stands for a failed video job. Google documents no event for it; a look-up finds it. */
export const VIDEO_FAILED = 'video.failed'

const ENDINGS: readonly string[] = [...EVENT_TYPES, VIDEO_FAILED]

/** The end of a job that an event reports. */
export interface Ending {
  /** The id of the job in a ledger. */
  id: string
  /** The name of the job as the event gives it. */
  name: string
  /** The event as JSON, as Google writes it, without the job token. */
  text: string
}

/** What an event says about the end of its job; `undefined` for an event that reports none. */
export function toEnding({ type, id, raw }: WebhookEvent): Ending | undefined {
  if (id === undefined || !ENDINGS.includes(type)) return undefined
  return { id: toLedgerId(kindOf(type), id), name: id, text: JSON.stringify(raw) }
}

function kindOf(type: string): JobKind {
  return type.slice(0, type.indexOf('.')) as JobKind
}

/**
 * The key under which a ledger knows that an event was handled: one per endpoint, job and event type. A webhook and a
 * look-up that report the same end have the same key, whatever the `webhook-id`.
 */
export function toHandlingKey(endpoint: string, type: string, id: string): string {
  return `${endpoint} ${type} ${id}`
}
