/** The kinds of job the emulator runs. */
export const JOB_KINDS = ['batch', 'interaction', 'video'] as const

/** A kind of job the emulator runs. */
export type JobKind = (typeof JOB_KINDS)[number]
