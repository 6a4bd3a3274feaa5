import { createExclusiveRunner, type ExclusiveRunner, type InFlight } from '@gwh/core/queue'
import type { JobJson } from 'bullmq'
import { toJobId } from '../job/job-data.ts'

/** BullMQ's reply to claiming a job: the job, or when to try again. */
type Taken = unknown[]

interface Candidate {
  taken: Taken
  quarantined: boolean
}

interface Taking {
  take: () => Promise<Taken>
  /** Returns a job by its id and its number of starts, this one included. */
  giveBack: (id: string, attempts: number) => Promise<void>
  /** The same, but delays the job. */
  putOff: (id: string, attempts: number) => Promise<void>
}

/** The jobs of one queue that run in this process, in any worker. */
export type JobRunner = ExclusiveRunner<Candidate, Taking>

/** The jobs of one queue in this process, in any worker or drain. */
export interface ProcessJobs {
  runner: JobRunner
  inFlight: InFlight
}

/** Controls which jobs one worker or drain may claim. */
export interface WorkerAccess {
  /** Claims the next job if it may run beside those that are running, otherwise nothing. */
  take(taking: Taking): Promise<Taken>
  /** The deliveries of the queue whose handlers run in this process. */
  readonly inFlight: InFlight
  /** After `take` claimed nothing: waits until nothing runs, and resolves to whether there may be more. */
  more(): Promise<boolean>
  /** Call it once for each job, when its attempt has ended. */
  leave(): void
  /** Leaves for every job whose attempt has not ended: BullMQ claims some jobs that it never processes. */
  close(): void
}

// A job that loses its lock twice is a crash-loop suspect.
const QUARANTINE_AFTER = 2

export function createJobRunner(inFlight: InFlight): JobRunner {
  return createExclusiveRunner(async ({ take, giveBack, putOff, alone }) => {
    const taken = await take()
    const job = taken[0] as JobJson | null | undefined
    if (!job) return []
    const id = String(taken[1])
    if ([...inFlight.keys()].some((key) => toJobId(key) === id)) {
      await putOff(id, job.attemptsStarted)
      return []
    }
    const quarantined = job.stalledCounter >= QUARANTINE_AFTER
    if (!quarantined || alone) return [{ taken, quarantined }]
    await giveBack(id, job.attemptsStarted)
    return []
  })
}

/** @param waitMs How long a worker waits when it may claim nothing, in milliseconds; 0 reports an empty queue */
export function createWorkerAccess(runner: JobRunner, inFlight: InFlight, waitMs: number): WorkerAccess {
  let entered = 0
  let turnedAway = false
  return {
    inFlight,
    async take({ take, ...back }) {
      let nothing: Taken | undefined
      const look = async () => {
        const taken = await take()
        if (!taken[0]) nothing = taken
        return taken
      }
      const [candidate] = await runner.claim({ take: look, ...back })
      if (candidate) entered++
      // A quarantined job runs, or waits until nothing runs.
      turnedAway = !candidate && !nothing
      return candidate?.taken ?? nothing ?? [null, '', waitMs, 0]
    },
    async more() {
      if (!turnedAway) return false
      await runner.whenIdle()
      return true
    },
    leave() {
      entered--
      runner.finished()
    },
    close() {
      for (; entered > 0; entered--) runner.finished()
    },
  }
}
