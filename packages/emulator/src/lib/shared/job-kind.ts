/** The kinds of job the emulator runs. */
export type JobKind = 'batch' | 'interaction' | 'video'
