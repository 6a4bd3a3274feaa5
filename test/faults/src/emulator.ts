// An emulator in a process of its own, for scenarios that kill it.
import { DatabaseSync, type StatementResultingChanges, type StatementSync } from 'node:sqlite'
import { createEmulator } from '@gwh/emulator'
import type { EmulatorSettings } from './emulator-settings.ts'
import { SETTINGS } from './settings.ts'

const { port, state, controlToken, scheduleMs, mutant }: EmulatorSettings = JSON.parse(process.env[SETTINGS]!)

if (mutant === 'late-record') skipRunningAttempts()
const emulator = createEmulator({ state, controlToken, retry: { scheduleMs, jitter: 0 } })
await emulator.listen({ port })
process.once('SIGTERM', async () => {
  await emulator.close()
  process.exit(0)
})
console.log('ready')

/** Keeps attempts out of the file while they run, as if they were recorded after they were sent. */
function skipRunningAttempts(): void {
  const { prepare } = DatabaseSync.prototype
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string): StatementSync {
    const statement = prepare.call(this, sql)
    if (!sql.startsWith('INSERT INTO gwh_records')) return statement
    const run = statement.run.bind(statement) as (...values: string[]) => StatementResultingChanges
    const skipping = (...values: string[]) =>
      isRunningAttempt(values) ? { changes: 0, lastInsertRowid: 0 } : run(...values)
    return Object.assign(statement, { run: skipping })
  }
}

function isRunningAttempt([kind, , json]: string[]): boolean {
  const attempts = kind === 'delivery' ? JSON.parse(json!).attempts : []
  return attempts.length > 0 && attempts.at(-1).durationMs === undefined
}
