import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { type Fields, toFields } from '../shared/fields.ts'
import { readNamedFile, readStandardInput } from '../shared/files.ts'
import { parseCurl } from './curl.ts'
import { type RecordedDelivery, toHeaders } from './delivery.ts'
import { fetchDelivery, fromSnapshot } from './emulator-delivery.ts'
import { parseHar } from './har.ts'
import { parseHeaderLines, parseHttp } from './raw-http.ts'

/** Where the delivery is. */
export interface DeliverySource {
  /** A file, or `-` for standard input. */
  readonly file?: string | undefined
  readonly headerFile?: string | undefined
  readonly bodyFile?: string | undefined
  /** The `webhook-id` of a delivery that the running emulator keeps. */
  readonly delivery?: string | undefined
}

/** Reads the deliveries that the user named: one, or all of an HTTP archive. */
export async function readDeliveries(
  context: CommandContext,
  { file, headerFile, bodyFile, delivery }: DeliverySource,
): Promise<RecordedDelivery[]> {
  const { cwd } = context
  if (delivery !== undefined) {
    if (file === undefined && headerFile === undefined && bodyFile === undefined) {
      return [await fetchDelivery(context, delivery)]
    }
    throw new CliError('usage', 'give either --delivery or a file')
  }
  if (headerFile !== undefined || bodyFile !== undefined) {
    if (file === undefined && headerFile !== undefined && bodyFile !== undefined) {
      return [await readParts(cwd, headerFile, bodyFile)]
    }
    throw new CliError('usage', 'give --header-file and --body-file together, and no other file')
  }
  if (file === undefined && process.stdin.isTTY) {
    throw new CliError('usage', 'name a file, or pipe the delivery in', { hint: 'See gwh verify --help.' })
  }
  const bytes =
    file === undefined || file === '-' ? await readStandardInput() : await readNamedFile(cwd, file)
  return await parse(bytes, cwd)
}

async function readParts(cwd: string, headerFile: string, bodyFile: string): Promise<RecordedDelivery> {
  const text = (await readNamedFile(cwd, headerFile)).toString('latin1')
  const body = await readNamedFile(cwd, bodyFile)
  return { headers: text.trimStart().startsWith('{') ? fromJson(text) : parseHeaderLines(text), body }
}

/** Headers as a log has them: a JSON object of names and values. */
function fromJson(text: string): RecordedDelivery['headers'] {
  return toHeaders(Object.entries(toFields(parseJson(text))).flatMap(toPairs))
}

function toPairs([name, values]: [name: string, values: unknown]): [name: string, value: string][] {
  return [values].flat().map((value) => {
    if (typeof value === 'string' || typeof value === 'number') return [name, String(value)]
    throw new CliError('config', `the header "${name.slice(0, 30)}" is not text`)
  })
}

/** Recognizes the form by how it starts. */
async function parse(bytes: Buffer, cwd: string): Promise<RecordedDelivery[]> {
  const start = bytes.subarray(0, 100).toString('latin1').trimStart()
  if (start === '') throw new CliError('config', 'the delivery is empty')
  if (/^(\u00ef\u00bb\u00bf)?\{/.test(start)) return fromDocument(toFields(parseJson(bytes.toString())))
  if (/^(\$ )?curl\s/.test(start)) return [await parseCurl(bytes.toString().replace(/^\s*\$ /, ''), cwd)]
  return [parseHttp(bytes)]
}

/**
 * An HTTP archive, or a delivery as the emulator shows it at `/_gwh/deliveries/{id}`, or as it would send it now, at
 * `/_gwh/deliveries/{id}/request`.
 */
function fromDocument(document: Fields): RecordedDelivery[] {
  const { log, headers, body, error, attempts } = document
  const { entries } = toFields(log)
  if (Array.isArray(entries)) return parseHar(entries)
  if (headers !== undefined && typeof body === 'string') {
    return [
      { headers: toHeaders(Object.entries(toFields(headers)).flatMap(toPairs)), body: Buffer.from(body) },
    ]
  }
  if (Array.isArray(attempts)) return [fromSnapshot(document)]
  const { message } = toFields(error)
  if (typeof message === 'string') {
    throw new CliError('config', `this is an error, not a delivery: ${message}`, { hint: 'Is the id right?' })
  }
  throw new CliError('config', 'the JSON is neither an HTTP archive (HAR) nor a delivery of the emulator')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    throw new CliError('config', 'the file starts like JSON, but is not', { cause })
  }
}
