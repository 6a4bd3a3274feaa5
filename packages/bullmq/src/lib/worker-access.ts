import { createExclusiveRunner, type ExclusiveRunner, type InFlight } from '@gwh/core/queue'
import type { JobJson } from 'bullmq'
import { toJobId } from './job-data.ts'

/** A job as BullMQ takes it, or nothing and when to look again. */
type Taken = unknown[]

interface Candidate {
  taken: Taken
  quarantined: boolean
}

interface Taking {
  take: () => Promise<Taken>
  /** Gives the job with that id back that has been started so often, this time included. */
  giveBack: (id: string, attempts: number) => Promise<void>
  /** The same, but for a while. */
  putOff: (id: string, attempts: number) => Promise<void>
}

/** The jobs of one queue that run in this process, whichever worker took them. */
export type JobRunner = ExclusiveRunner<Candidate, Taking>

/** The jobs of one queue in this process, whichever worker or drain took them. */
export interface ProcessJobs {
  runner: JobRunner
  inFlight: InFlight
}

/** The way of one worker's jobs onto the runner. */
export interface WorkerAccess {
  /** Takes the next job if it may run beside what runs, and else nothing. */
  take(taking: Taking): Promise<Taken>
  /** The deliveries of the queue whose handlers run in this process. */
  readonly inFlight: InFlight
  /** Resolves to whether there may be more for those whom `take` gave nothing, once nothing runs. */
  more(): Promise<boolean>
  /** To be called once for each job, when its try has ended. */
  leave(): void
  /** Leaves with every job whose try has not ended: BullMQ takes some that it never tries. */
  close(): void
}

// Losing its lock once is an accident; a job that does so again may be what ends its processes.
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

/** @param waitMs What a worker that may take nothing is told to wait; 0 tells it that there is nothing */
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
      // A quarantined job runs, or was given back until nothing runs.
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
