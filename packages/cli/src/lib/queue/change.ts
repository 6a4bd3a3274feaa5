import type { DeliveryQueue, DeliveryRecord } from '@gwh/core/queue'
import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { whyNotRedriven, whyNotReplayed } from './explain.ts'
import { type QueueFlags, withQueue } from './open.ts'
import { collect } from './read.ts'
import { type FilterFlags, isFiltered, toFilter } from './select.ts'

/** The options of commands that change deliveries. */
export interface ChangeFlags extends QueueFlags, FilterFlags {
  readonly all?: true
  /** Says what would be changed, and changes nothing. */
  readonly dryRun?: true
}

/** Makes dead letters pending again. */
export async function redrive(
  context: CommandContext,
  id: string | undefined,
  flags: ChangeFlags,
): Promise<void> {
  checkSelection('redrive', id, flags)
  const { ids, unchanged } = await withQueue(context, flags, async (queue) => {
    const letters = await queue.deadLetters.list({ limit: Number.MAX_SAFE_INTEGER })
    const chosen = choose(letters, id, flags)
    if (flags.dryRun) return await toOutcome(queue, id, chosen)
    const redriven: DeliveryRecord[] = []
    for (const letter of chosen) {
      if ((await queue.deadLetters.redrive(letter.message.key)) > 0) redriven.push(letter)
    }
    return await toOutcome(queue, id, redriven)
  })
  report(context, flags, { done: 'redriven', ids })
  if (ids.length === 0 && id !== undefined) throw whyNotRedriven(id, unchanged)
}

/** Marks handled deliveries to run through the handlers again. */
export async function replay(
  context: CommandContext,
  id: string | undefined,
  flags: ChangeFlags,
): Promise<void> {
  checkSelection('replay', id, flags)
  const { ids, unchanged } = await withQueue(context, flags, async (queue) => {
    const chosen = choose(await findHandled(queue, id), id, flags)
    if (flags.dryRun) return await toOutcome(queue, id, chosen)
    const replayed: DeliveryRecord[] = []
    for (const record of chosen) {
      if ((await queue.replay(record.message.key)) > 0) replayed.push(record)
    }
    return await toOutcome(queue, id, replayed)
  })
  report(context, flags, { done: 'replayed', ids })
  if (ids.length === 0 && id !== undefined) throw whyNotReplayed(id, unchanged)
}

/** The handled deliveries whose bodies are there still. */
async function findHandled(queue: DeliveryQueue, id: string | undefined): Promise<DeliveryRecord[]> {
  const one = id === undefined ? undefined : await queue.get(id)
  const records =
    id === undefined
      ? await collect(queue, { state: 'done', limit: Number.POSITIVE_INFINITY })
      : one
        ? [one]
        : []
  return records.filter(({ state, message }) => state === 'done' && message.body.length > 0)
}

/** The options of `gwh queue purge`. */
export interface PurgeFlags extends QueueFlags {
  /** Epoch milliseconds. */
  readonly olderThan?: number
  readonly all?: true
  readonly dryRun?: true
}

/** Deletes dead letters. */
export async function purge(context: CommandContext, flags: PurgeFlags): Promise<void> {
  if ((flags.olderThan === undefined) === (flags.all === undefined)) {
    throw new CliError('usage', 'say which dead letters: --older-than <time>, or --all')
  }
  const olderThan = flags.olderThan ?? Number.MAX_SAFE_INTEGER
  const count = await withQueue(context, flags, async (queue) => {
    if (!flags.dryRun) return await queue.deadLetters.purge({ olderThan })
    const letters = await queue.deadLetters.list({ limit: Number.MAX_SAFE_INTEGER })
    return letters.filter(({ deadAt }) => deadAt < olderThan).length
  })
  if (flags.json) context.terminal.json({ purged: count, dryRun: flags.dryRun ?? false })
  else context.terminal.out(`${flags.dryRun ? 'would be ' : ''}purged: ${count}`)
}

/** A command without a selection must not change everything. */
function checkSelection(verb: string, id: string | undefined, flags: ChangeFlags): void {
  if (id === 'all') throw new CliError('usage', `to ${verb} all of them, write --all`)
  const ways = [id !== undefined, flags.all === true, isFiltered(flags)].filter(Boolean)
  if (ways.length === 1) return
  throw new CliError('usage', `say what to ${verb}: a key or webhook-id, a filter, or --all`)
}

function choose<Letter extends DeliveryRecord>(
  records: readonly Letter[],
  id: string | undefined,
  flags: ChangeFlags,
): Letter[] {
  const fits = toFilter(flags)
  return records.filter(
    (one) => fits(one) && (id === undefined || id === one.message.key || id === one.message.id),
  )
}

interface Outcome {
  readonly ids: readonly string[]
  /** The one delivery that was meant, if it was not changed and the queue knows it. */
  readonly unchanged: DeliveryRecord | undefined
}

async function toOutcome(
  queue: DeliveryQueue,
  id: string | undefined,
  changed: readonly DeliveryRecord[],
): Promise<Outcome> {
  const isUnchanged = id !== undefined && changed.length === 0
  return {
    ids: changed.map(({ message }) => message.id),
    unchanged: isUnchanged ? await queue.get(id) : undefined,
  }
}

function report(
  { terminal }: CommandContext,
  { json, dryRun }: ChangeFlags,
  { done, ids }: { done: string; ids: readonly string[] },
): void {
  if (json) {
    terminal.json({ [done]: ids.length, ids, dryRun: dryRun === true })
    return
  }
  for (const id of ids) terminal.out(id)
  terminal.note(`${dryRun ? 'would be ' : ''}${done}: ${ids.length}`)
}
