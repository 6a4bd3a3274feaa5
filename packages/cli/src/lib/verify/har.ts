import { CliError } from '../shared/cli-error.ts'
import { type RecordedDelivery, toHeaders } from './delivery.ts'

interface HarFile {
  readonly log?: { readonly entries?: readonly { readonly request?: HarRequest }[] }
}

interface HarRequest {
  readonly headers?: readonly { readonly name: string; readonly value: string }[]
  readonly postData?: { readonly text?: string; readonly encoding?: string }
}

/**
 * Reads the deliveries of an HTTP archive: its requests with a `webhook-signature`.
 *
 * @see http://www.softwareishard.com/blog/har-12-spec/
 */
export function parseHar(value: unknown): RecordedDelivery[] {
  const entries = (value as HarFile).log?.entries
  if (!Array.isArray(entries)) throw new CliError('config', 'the JSON is not an HTTP archive (HAR)')
  const deliveries = (entries as { request?: HarRequest }[]).flatMap(({ request }) => toDelivery(request))
  if (deliveries.length > 0) return deliveries
  throw new CliError(
    'config',
    `none of the ${entries.length} requests of the archive has a webhook-signature`,
  )
}

function toDelivery({ headers: list = [], postData }: HarRequest = {}): RecordedDelivery[] {
  const headers = toHeaders(list.map(({ name, value }) => [name, value] as const))
  if (headers['webhook-signature'] === undefined) return []
  const encoding = postData?.encoding === 'base64' ? 'base64' : 'utf8'
  return [{ headers, body: Buffer.from(postData?.text ?? '', encoding) }]
}
