/** What the receiver's process reports to the demo, and when it happened, in epoch milliseconds. */
export type Report = { at: number } & ReportedEvent

export type ReportedEvent =
  | { type: 'listening'; url: string }
  | {
      type:
        | 'accepted'
        | 'duplicate'
        | 'in_flight'
        | 'handled'
        | 'unhandled'
        | 'failed'
        | 'dead'
        | 'lease_lost'
      id: string
      scheme: string
      keyId?: string
    }
  | { type: 'refused' | 'fault'; code: string }
  | { type: 'result'; id: string; text: string }

/** One line of the results file: the effect of one handled event. */
export interface Effect {
  key: string
  id: string
  job: string
  text: string
}

/** The time with fractions of a millisecond, in epoch milliseconds, comparable between processes. */
export function exactTime(): number {
  return performance.timeOrigin + performance.now()
}
