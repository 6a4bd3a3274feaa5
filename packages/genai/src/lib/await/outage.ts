import { ResultUnavailableError } from '../shared/errors.ts'

/** The API did not answer a look-up in time. Says nothing about other jobs. */
export class LookUpTimeout extends ResultUnavailableError {
  constructor(job: string, ms: number) {
    super(`${job} could not be read: the API did not answer within ${ms} ms`, undefined)
    this.name = 'ResultUnavailableError'
  }
}

/** Decides whether failed look-ups are the fault of their jobs or of the API. */
export interface OutageDetector {
  /** Call it when the API has answered. */
  answered(): void
  /** Call it when a look-up has failed. Returns whether look-ups of other jobs would fail too. */
  failed(job: string, error: ResultUnavailableError): boolean
}

// A wrong API key is refused for every job, a job of another project alone.
const REFUSED_IN_A_ROW = 4

/** Creates a detector that has seen nothing yet. */
export function createOutageDetector(): OutageDetector {
  const refused = new Set<string>()
  return {
    answered: () => refused.clear(),
    failed(job, error) {
      if (!isOfOneJob(error)) return true
      refused.add(job)
      return refused.size >= REFUSED_IN_A_ROW
    },
  }
}

// Not signed in, too often, nobody there: these hold for every request. A 500 may be the fault of one job.
const OF_ALL_JOBS = [401, 408, 429, 502, 503, 504]

function isOfOneJob(error: ResultUnavailableError): boolean {
  const { apiStatus } = error
  if (apiStatus === undefined) return error instanceof LookUpTimeout
  return !OF_ALL_JOBS.includes(apiStatus)
}
