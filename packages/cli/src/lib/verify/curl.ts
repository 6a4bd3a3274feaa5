import { CliError } from '../shared/cli-error.ts'
import { readNamedFile } from '../shared/files.ts'
import { type RecordedDelivery, toHeader, toHeaders } from './delivery.ts'
import { splitWords } from './shell-words.ts'

const HEADER = ['-H', '--header']
const DATA = ['-d', '--data', '--data-ascii', '--data-raw', '--data-binary', '--json']
const UNSUPPORTED = ['--data-urlencode', '-F', '--form', '-T', '--upload-file', '--config', '-K']

/**
 * Reads a curl command, as "copy as curl" writes it: its headers and its data.
 *
 * @see https://curl.se/docs/manpage.html#-d
 */
export async function parseCurl(text: string, cwd: string): Promise<RecordedDelivery> {
  const words = toOptions(splitWords(text.trim()))
  const headers: (readonly [string, string])[] = []
  const data: Buffer[] = []
  for (let index = 1; index < words.length; index++) {
    const [word, next = ''] = [words[index]!, words[index + 1]]
    if (HEADER.includes(word)) headers.push(toHeader(next))
    else if (DATA.includes(word)) data.push(await readData(word, next, cwd))
    else if (UNSUPPORTED.includes(word)) throw new CliError('config', `${word} of curl is not supported here`)
    else continue
    index++
  }
  const body = data.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from('&'), part]))
  return { headers: toHeaders(headers), body: Buffer.concat(body) }
}

/** Separates `--name=value` and `-Hvalue` into two words. */
function toOptions(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const [, name, value] = /^(--[\w-]+)=([\s\S]*)$/.exec(word) ?? /^(-[Hd])([\s\S]+)$/.exec(word) ?? []
    return name === undefined ? [word] : [name, value!]
  })
}

async function readData(option: string, text: string, cwd: string): Promise<Buffer> {
  if (option === '--data-raw' || !text.startsWith('@')) return Buffer.from(text)
  const bytes = await readNamedFile(cwd, text.slice(1))
  // curl leaves line ends out of a file, unless it is sent as binary.
  const isExact = option === '--data-binary' || option === '--json'
  return isExact ? bytes : Buffer.from(bytes.filter((byte) => byte !== 10 && byte !== 13))
}
