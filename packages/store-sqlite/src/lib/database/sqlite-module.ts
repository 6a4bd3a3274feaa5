import { getBuiltinModule, version } from 'node:process'
import { WebhookConfigError } from '@gwh/core/errors'

type Sqlite = typeof import('node:sqlite')

// Not imported: a runtime without it would fail with "No such built-in module", which does not say what is needed.
const sqlite = getBuiltinModule?.('node:sqlite') as Sqlite | undefined
if (!sqlite) {
  throw new WebhookConfigError(
    'option_invalid',
    `@gwh/store-sqlite needs node:sqlite, which this runtime (${version}) lacks; use Node 22.13 or newer, Bun 1.4 or Deno 2.9`,
  )
}

/** The constructor of SQLite connections in this runtime. */
export const DatabaseSync: Sqlite['DatabaseSync'] = sqlite.DatabaseSync
