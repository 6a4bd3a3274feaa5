import { CliError } from '../shared/cli-error.ts'
import { type Fields, toFields } from '../shared/fields.ts'
import { type RecordedDelivery, toHeaders } from './delivery.ts'

/**
 * Reads the deliveries of an HTTP archive: its requests with a `webhook-signature`.
 *
 * @throws CliError if there is none, or if the body of one is not text
 * @see http://www.softwareishard.com/blog/har-12-spec/
 */
export function parseHar(entries: readonly unknown[]): RecordedDelivery[] {
  const deliveries = entries.flatMap((entry, index) => toDelivery(toFields(toFields(entry).request), index))
  if (deliveries.length > 0) return deliveries
  throw new CliError(
    'config',
    `none of the ${entries.length} requests of the archive has a webhook-signature`,
  )
}

function toDelivery({ headers: list, postData }: Fields, index: number): RecordedDelivery[] {
  const headers = toHeaders(Array.isArray(list) ? list.flatMap(toPair) : [])
  if (headers['webhook-signature'] === undefined) return []
  const { text = '', encoding } = toFields(postData)
  if (typeof text !== 'string') {
    throw new CliError('config', `the body of request ${index + 1} of the archive is not text`)
  }
  return [{ headers, body: Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8') }]
}

function toPair(header: unknown): [name: string, value: string][] {
  const { name, value } = toFields(header)
  return typeof name === 'string' && typeof value === 'string' ? [[name, value]] : []
}
