import { callControl, findEmulator } from '../project/control-client.ts'
import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { type Fields, toFields } from '../shared/fields.ts'
import { type RecordedDelivery, toHeaders } from './delivery.ts'

/** Faults that send another body than the one that the emulator keeps. */
const CHANGED = ['tampered_body', 'reserialized_body', 'truncated_body']

/** Fetches a delivery from the running emulator, as its last attempt sent it. */
export async function fetchDelivery(context: CommandContext, id: string): Promise<RecordedDelivery> {
  const emulator = await findEmulator(context)
  const path = `/deliveries/${encodeURIComponent(id)}`
  const snapshot = await callControl<Fields>(context, emulator, { method: 'GET', path, answers: 'attempts' })
  const { number, changedBy } = findSent(snapshot)
  if (changedBy === undefined) return fromSnapshot(snapshot)
  const { sentBody } = await callControl<Fields>(context, emulator, {
    method: 'GET',
    path: `${path}/attempts/${number}/signature`,
  })
  return typeof sentBody === 'string' ? fromSnapshot(snapshot, sentBody) : fromSnapshot(snapshot)
}

/**
 * Reads a delivery as the emulator shows it, in its last attempt that was sent.
 *
 * @param sentBody The body that this attempt sent, when a fault changed it
 * @throws CliError when the headers or the body of that attempt are not known
 */
export function fromSnapshot(snapshot: Fields, sentBody?: string): RecordedDelivery {
  const { attempt, number, changedBy } = findSent(snapshot)
  const body = sentBody ?? snapshot.body
  if (typeof body !== 'string') throw new CliError('config', 'the delivery has no body')
  if (changedBy !== undefined && sentBody === undefined) {
    throw new CliError(
      'config',
      `attempt ${number} sent another body than this one, by the fault ${changedBy}`,
      {
        hint: `See GET /_gwh/deliveries/{id}/attempts/${number}/signature, or \`gwh verify --delivery <id>\`.`,
      },
    )
  }
  const pairs = Object.entries(toFields(attempt.headers)).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  )
  const { startedAt } = attempt
  return {
    headers: toHeaders(pairs),
    body: Buffer.from(body),
    ...(typeof startedAt === 'number' && { at: startedAt }),
  }
}

function findSent({ attempts }: Fields): { attempt: Fields; number: number; changedBy: string | undefined } {
  const all = Array.isArray(attempts) ? attempts.map(toFields) : []
  const index = all.findLastIndex(({ headers }) => headers !== undefined)
  const attempt = all[index]
  if (attempt === undefined) {
    throw new CliError('config', 'no attempt of this delivery was sent, so it has no headers yet', {
      hint: 'GET /_gwh/deliveries/{id}/request shows it as it would be sent now.',
    })
  }
  const { faults } = attempt
  const changedBy = CHANGED.find((fault) => Array.isArray(faults) && faults.includes(fault))
  return { attempt, number: index + 1, changedBy }
}
