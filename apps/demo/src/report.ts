/** What the receiver's process reports to the demo. */
export type Report =
  | { type: 'listening'; url: string }
  | {
      type: 'accepted' | 'duplicate' | 'in_flight' | 'handled' | 'failed' | 'dead' | 'lease_lost'
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
