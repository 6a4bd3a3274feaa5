import { createFloor, type Floor } from '@gwh/core/queue'
import type { JobJson } from 'bullmq'

/** A job as BullMQ takes it, or nothing and when to look again. */
type Taken = unknown[]

interface Candidate {
  taken: Taken
  suspect: boolean
}

interface Taking {
  take: () => Promise<Taken>
  /** Gives the job with that id back that has been started so often, this time included. */
  giveBack: (id: string, attempts: number) => Promise<void>
}

/** The jobs of one queue that run in this process, whichever worker took them. */
export type JobFloor = Floor<Candidate, Taking>

/** The way of one worker's jobs onto the floor. */
export interface Entrance {
  /** Takes the next job if it may run beside what runs, and else nothing. */
  take(take: Taking['take'], giveBack: Taking['giveBack']): Promise<Taken>
  /** Resolves to whether there may be more for those whom `take` gave nothing, once nothing runs. */
  more(): Promise<boolean>
  /** To be called once for each job, when its try has ended. */
  leave(): void
  /** Leaves with every job whose try has not ended: BullMQ takes some that it never tries. */
  close(): void
}

// Losing its lock once is an accident; a job that does so again may be what ends its processes.
const SUSPECT_AFTER = 2

export function createJobFloor(): JobFloor {
  return createFloor(async ({ take, giveBack, alone }) => {
    const taken = await take()
    const job = taken[0] as JobJson | null | undefined
    if (!job) return []
    const suspect = job.stalledCounter >= SUSPECT_AFTER
    if (!suspect || alone) return [{ taken, suspect }]
    await giveBack(String(taken[1]), job.attemptsStarted)
    return []
  })
}

/** @param waitMs What a worker that may take nothing is told to wait; 0 tells it that there is nothing */
export function createEntrance(floor: JobFloor, waitMs: number): Entrance {
  let entered = 0
  let turnedAway = false
  return {
    async take(take, giveBack) {
      let nothing: Taken | undefined
      const look = async () => {
        const taken = await take()
        if (!taken[0]) nothing = taken
        return taken
      }
      const [candidate] = await floor.claim({ take: look, giveBack })
      if (candidate) entered++
      // A suspect runs, or was given back until nothing runs.
      turnedAway = !candidate && !nothing
      return candidate?.taken ?? nothing ?? [null, '', waitMs, 0]
    },
    async more() {
      if (!turnedAway) return false
      await floor.emptied()
      return true
    },
    leave() {
      entered--
      floor.leave()
    },
    close() {
      for (; entered > 0; entered--) floor.leave()
    },
  }
}
