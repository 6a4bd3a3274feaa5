/** Mistakes that an emulator can be run with. */
export type EmulatorMutant =
  /** Attempts are recorded once they have ended. */
  | 'late-record'
  /** A restart forgets the deliveries that wait for a retry. */
  | 'forgets-retries'
  /** A restart makes planned attempts at once. */
  | 'hasty'

/** The settings of one emulator process. */
export interface EmulatorSettings {
  port: number
  /** Path of the state file. */
  state: string
  controlToken: string
  scheduleMs: readonly number[]
  mutant?: EmulatorMutant
}
