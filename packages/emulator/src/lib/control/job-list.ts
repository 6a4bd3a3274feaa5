import { outcomeOf } from '../jobs/outcomes.ts'
import type { EmulatorState } from '../state/state.ts'

/** Every job there is, oldest first, without what it was asked and what it answered: its own API shows that. */
export function listJobs({ jobs }: EmulatorState) {
  return jobs.every().map(({ id, kind, model, createdAt, dueAt, config, end }) => ({
    id,
    kind,
    model,
    createdAt,
    dueAt,
    uris: config.uris,
    userMetadata: config.userMetadata,
    ...(end && {
      endedAt: end.at,
      outcome: end.outcome,
      state: outcomeOf(kind, end.outcome)?.state,
      error: end.error,
    }),
  }))
}
