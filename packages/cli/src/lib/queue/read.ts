import type { DeliveryQueue, DeliveryRecord, DeliveryState } from '@gwh/core/queue'
import type { CommandContext } from '../shared/context.ts'
import { writeNewPrivately } from '../shared/files.ts'
import { dim } from '../shared/paint.ts'
import { toTable } from '../shared/table.ts'
import { RETAIN_HINT, unknownDelivery } from './explain.ts'
import { maskText } from './mask.ts'
import { type QueueFlags, withQueue } from './open.ts'
import { toIso, toPrinted, toRaw } from './record.ts'
import { describeError, type FilterFlags, toFilter } from './select.ts'

/** Prints how many deliveries are in each state. */
export async function stats(context: CommandContext, flags: QueueFlags): Promise<void> {
  const { terminal } = context
  const counts = await withQueue(context, flags, (queue) => queue.stats())
  if (flags.json) return terminal.json(counts)
  const { oldestPendingMs, ...states } = counts
  for (const [state, count] of Object.entries(states)) terminal.out(`${state.padEnd(9)} ${count}`)
  if (states.pending > 0) terminal.out(`oldest    ${Math.round(oldestPendingMs / 1000)} s pending`)
}

/** The options of `gwh queue list` and `export`. */
export interface ListFlags extends QueueFlags, FilterFlags {
  readonly state?: DeliveryState
  readonly limit: number
}

/** Prints deliveries, newest first. */
export async function list(context: CommandContext, flags: ListFlags): Promise<void> {
  const { terminal } = context
  const records = await withQueue(context, flags, (queue) => collect(queue, flags))
  if (flags.json) return terminal.json(records.map(toPrinted))
  if (records.length === 0) return terminal.note('No delivery fits.')
  const rows = records.map((record) => [
    toIso(record.message.receivedAt),
    record.state,
    String(record.attempts),
    record.message.id,
    record.event?.type ?? NO_TYPE,
    shorten(maskText([record.reason, describeError(record.lastError)].filter(Boolean).join(': '))),
  ])
  terminal.lines(toTable(['received', 'state', 'tries', 'webhook-id', 'type', 'why'], rows))
  if (records.some(isErased))
    terminal.note(`${NO_TYPE} is a type that was erased with the body. ${RETAIN_HINT}`)
}

// The type is read from the body.
const NO_TYPE = '–'
const isErased = ({ message }: DeliveryRecord) => message.body.length === 0

const LONGEST_WHY = 100

/** Cuts a text that is too long for its column; an ellipsis says so. */
function shorten(text: string): string {
  const characters = [...text]
  if (characters.length <= LONGEST_WHY) return text
  return `${characters.slice(0, LONGEST_WHY - 1).join('')}…`
}

/** Prints one delivery with its attempts and its body. */
export async function show(context: CommandContext, id: string, flags: QueueFlags): Promise<void> {
  const { terminal } = context
  const record = await withQueue(context, flags, (queue) => queue.get(id))
  if (record === undefined) throw unknownDelivery(id)
  const { history, body, lastError: _, ...known } = toPrinted(record)
  if (flags.json) return terminal.json(toPrinted(record))
  const fields = { ...known, type: known.type ?? NO_TYPE }
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) terminal.out(dim(name.padEnd(10)), ` ${value}`)
  }
  for (const { attempt, failedAt, error } of record.history) {
    terminal.out(`attempt ${attempt} failed at ${toIso(failedAt)}: ${maskText(describeError(error))}`)
  }
  terminal.lines(
    body === undefined
      ? `The body was erased, and the type with it. ${RETAIN_HINT}`
      : JSON.stringify(body, null, 2),
  )
}

/** The options of `gwh queue export`. */
export interface ExportFlags extends ListFlags {
  /** A new file, for the deliveries with nothing masked. */
  readonly rawFile?: string
}

/** Prints deliveries as JSON, one per line, all of them by default. */
export async function exportAll(context: CommandContext, flags: ExportFlags): Promise<void> {
  const { terminal } = context
  if (flags.rawFile !== undefined) return await exportRaw(context, flags, flags.rawFile)
  await withQueue(context, flags, async (queue) => {
    for await (const record of pages(queue, flags)) terminal.json(toPrinted(record))
  })
}

async function exportRaw(context: CommandContext, flags: ExportFlags, path: string): Promise<void> {
  let count = 0
  await writeNewPrivately(context.cwd, path, async (write) => {
    await withQueue(context, flags, async (queue) => {
      for await (const record of pages(queue, flags)) {
        await write(`${JSON.stringify(toRaw(record))}\n`)
        count++
      }
    })
  })
  if (flags.json) context.terminal.json({ exported: count, file: path })
  else context.terminal.note(`${count} in ${path}, with nothing masked; you alone can read it`)
}

/** Reads the deliveries that fit, up to the limit. */
export async function collect(
  queue: DeliveryQueue,
  flags: Omit<ListFlags, 'queue'>,
): Promise<DeliveryRecord[]> {
  const found: DeliveryRecord[] = []
  for await (const record of pages(queue, flags)) found.push(record)
  return found
}

const PAGE = 500

async function* pages(queue: DeliveryQueue, flags: Omit<ListFlags, 'queue'>): AsyncGenerator<DeliveryRecord> {
  const { state, limit } = flags
  const fits = toFilter(flags)
  let left = limit
  for (let after: string | undefined; left > 0; ) {
    const page = await queue.list({ ...(state && { state }), limit: PAGE, ...(after && { after }) })
    for (const record of page.filter(fits)) {
      if (left-- > 0) yield record
    }
    after = page.at(-1)?.message.key
    if (page.length < PAGE) return
  }
}
