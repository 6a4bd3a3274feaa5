import type { DatabaseSync } from 'node:sqlite'
import { WebhookError, WebhookUnavailableError } from '@gwh/core/errors'
import type { Effect, EffectDatabase } from '@gwh/core/queue'
import { isInTransaction } from '../database/database-state.ts'
import { isDamage, toUnavailable } from '../database/sqlite-errors.ts'

const SAVEPOINT = 'gwh_effects'
const TRANSACTION_WORDS = /^(begin|commit|end|rollback|savepoint|release|attach|detach|vacuum)$/

/** The outcome of a completion: whether the lease was still valid, or the error of the effect that undid it. */
export type Completion = { kept: boolean } | { failure: unknown }

/**
 * Prepares completions with effects, which run inside the transaction of a group.
 *
 * A completion and its effects share a savepoint: an effect that throws rolls back only its own completion, and
 * no effect runs once the lease is lost.
 *
 * @throws WebhookUnavailableError From the returned function, when an effect made SQLite end the group's transaction
 */
export function prepareCompletion(
  database: DatabaseSync,
): (complete: () => boolean, effects: readonly Effect[]) => Completion {
  const save = database.prepare(`SAVEPOINT ${SAVEPOINT}`)
  const undo = database.prepare(`ROLLBACK TO ${SAVEPOINT}`)
  const keep = database.prepare(`RELEASE ${SAVEPOINT}`)
  return (complete, effects) => {
    if (effects.length === 0) return { kept: complete() }
    save.run()
    try {
      const kept = complete()
      if (kept) for (const effect of effects) runEffect(database, effect)
      keep.run()
      return { kept }
    } catch (error) {
      // `INSERT OR ROLLBACK` and a full disk end the whole transaction, and the savepoint with it.
      if (!isInTransaction(database)) throw transactionLost(error)
      undo.run()
      keep.run()
      return { failure: isDamage(error) ? toUnavailable(error, 'run an effect') : error }
    }
  }
}

function transactionLost(error: unknown): WebhookError {
  if (isDamage(error)) return toUnavailable(error, 'run an effect')
  const text = 'an effect of one delivery ended the transaction it shares with others'
  return new WebhookUnavailableError('store_unavailable', text, { cause: error })
}

function runEffect(database: DatabaseSync, effect: Effect): void {
  const { handle, revoke } = lendDatabase(database)
  try {
    const returned: unknown = effect(handle)
    if (!isThenable(returned)) return
    // Not awaited: changes after this line are refused.
    returned.then(undefined, () => {})
    throw misuse('an effect must be synchronous, but it returned a promise')
  } finally {
    revoke()
  }
}

/** Lends an effect the database for as long as it runs, but without a way to end the transaction. */
function lendDatabase(database: DatabaseSync): { handle: EffectDatabase; revoke(): void } {
  let lent = true
  const whileLent = <T>(step: () => T): T => {
    if (!lent) throw misuse('an effect used the database after it had returned')
    // Outside the transaction a statement would commit by itself, even if the completion is rolled back.
    if (!isInTransaction(database)) throw misuse('an effect continued after it had ended the transaction')
    return step()
  }
  const handle: EffectDatabase = {
    exec: (sql) =>
      whileLent(() => {
        refuseTransactions(sql)
        database.exec(sql)
      }),
    prepare: (sql) =>
      whileLent(() => {
        refuseTransactions(sql)
        const statement = database.prepare(sql)
        return {
          run: (...parameters) => whileLent(() => statement.run(...parameters)),
          get: (...parameters) => whileLent(() => statement.get(...parameters)),
          all: (...parameters) => whileLent(() => statement.all(...parameters)),
        }
      }),
  }
  return {
    handle,
    revoke: () => {
      lent = false
    },
  }
}

// A COMMIT cannot be undone once it has run, so it must not run. Not every runtime has an authorizer for this.
function refuseTransactions(sql: string): void {
  for (const statement of stripText(String(sql)).split(';')) {
    const word = /^\s*([a-z]+)/i.exec(statement)?.[1]?.toLowerCase() ?? ''
    if (TRANSACTION_WORDS.test(word)) {
      throw misuse(`an effect must not control the transaction, but it runs ${word.toUpperCase()}`)
    }
  }
}

/** SQL without its comments and with every string and quoted name emptied. */
function stripText(sql: string): string {
  return sql.replace(
    /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]/g,
    (text) => (text.startsWith('-') || text.startsWith('/') ? ' ' : 'q'),
  )
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}

function misuse(message: string): WebhookError {
  return new WebhookError('handler_failed', message)
}
