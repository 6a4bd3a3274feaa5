// Opens a queue, prints the outcome, and waits to be killed.
import { writeSync } from 'node:fs'
import { WebhookError } from '@gwh/core/errors'
import { openDatabase } from '../../src/lib/database/database.ts'

const [path = '', version, lockBudgetMs] = process.argv.slice(2)
try {
  openDatabase(path, {
    ...(version && { version }),
    ...(lockBudgetMs && { lockBudgetMs: Number(lockBudgetMs) }),
  })
  writeSync(1, 'opened\n')
} catch (error) {
  writeSync(1, `${error instanceof WebhookError ? `${error.code}: ${error.message}` : String(error)}\n`)
}
setInterval(() => {}, 1_000)
