import { RIGHT, type Steps } from './contract-server.ts'

const answerOf = (status: number, body: object) => ({
  status,
  headers: JSON_TYPE,
  body: JSON.stringify(body),
})
const JSON_TYPE = { 'content-type': 'application/json' }
const changing = (change: (text: string) => string): Partial<Steps> => ({
  read: (request) => {
    const { body, ...rest } = RIGHT.read(request) as {
      body(limits: object): Promise<unknown>
      headers: object
    }
    const altered = async (limits: object) => {
      const bytes = await body(limits)
      return bytes instanceof Uint8Array
        ? new TextEncoder().encode(change(new TextDecoder().decode(bytes)))
        : bytes
    }
    return { ...rest, body: altered } as ReturnType<Steps['read']>
  },
})
const answering = (
  change: (answer: Awaited<ReturnType<Steps['answer']>>) => Awaited<ReturnType<Steps['answer']>>,
): Partial<Steps> => ({ answer: (...delivery) => RIGHT.answer(...delivery).then(change) })

/** What each does, how, and rules of the contract that it must break. */
export const WRONG: [string, Partial<Steps>, ...string[]][] = [
  [
    'accepts everything',
    { answer: async () => answerOf(200, { status: 'accepted' }) },
    'a delivery sent again is a duplicate',
    'a delivery signed with another secret is unauthorized',
    'a delivery sent ten minutes ago is unauthorized',
    'a delivery without webhook-id is refused',
    'a delivery with two webhook-signature headers is refused',
    'a delivery whose webhook-timestamp is "NaN" is refused',
    'a dynamic delivery of another customer’s job is refused',
    'a body with content-encoding gzip is refused unread',
    'a chunked body one byte over the limit is refused',
    'a body one byte over the limit is refused by its content-length, unsent',
    'a body that stops after its first byte times out',
    'a delivery whose handler throws is answered 500, and handled again when it is retried',
    'a delivery in flight is refused until its handler is done, then a duplicate',
    'of 20 concurrent copies of a delivery, one is accepted',
    'a sender that expects 100-continue may be refused at once',
    'after a stale delivery the connection accepts a good delivery or is closed',
    'raw: webhook-id with a trailing comma – refused',
  ],
  [
    'refuses everything',
    { answer: async () => answerOf(401, { error: 'unauthorized' }) },
    'a good delivery is accepted',
    'one of two signatures is enough, as during a rotation',
    'an event of an unknown type is accepted',
    'a dynamic delivery of one of our jobs is accepted',
    'a header named __proto__ does no harm',
    '20 concurrent deliveries are all accepted',
    'pipelined deliveries are answered in their order',
    'a connection carries several deliveries in a row',
    'raw: a chunk extension – accepted',
    'raw: garbage 1 – refused',
  ],
  [
    'says why it refuses',
    answering((answer) => (answer.status === 401 ? answerOf(401, { error: 'signature_invalid' }) : answer)),
    'a delivery signed with another secret is unauthorized',
  ],
  [
    'answers 500 to malformed deliveries',
    answering((answer) => (answer.status === 400 ? answerOf(500, { error: 'internal' }) : answer)),
    'a delivery with an empty webhook-timestamp is refused',
    'raw: webhook-id after a comma – refused',
  ],
  [
    'leaves out retry-after',
    answering(({ status, body }) => ({ status, headers: JSON_TYPE, body })),
    'a delivery in flight is refused until its handler is done, then a duplicate',
  ],
  [
    'leaves out the content type',
    answering(({ status, body }) => ({ status, headers: {}, body })),
    'a good delivery is accepted',
  ],
  [
    'serialises the body again',
    changing((text) => (text.startsWith('{') ? JSON.stringify(JSON.parse(text)) : text)),
    'a signed body is read byte for byte: escapes of lone surrogates',
    'a signed body is read byte for byte: numbers larger than any double',
    'a signed body is read byte for byte: unusual white space, escapes and key order',
  ],
  [
    'reads the body as text',
    changing((text) => text),
    'a signed body is read byte for byte: every byte value',
    'a signed body is read byte for byte: text after a byte order mark',
    'a signed body is read byte for byte: bytes that are not UTF-8',
  ],
  [
    'normalises the body',
    changing((text) => text.normalize('NFC')),
    'a signed body is read byte for byte: text outside ASCII, not normalised',
  ],
  [
    'refuses an empty body',
    {
      answer: async (receiver, delivery) =>
        'content-length' in delivery.headers && delivery.headers['content-length'] === '0'
          ? answerOf(400, { error: 'header_missing' })
          : await receiver.receive(delivery),
    },
    'a signed body is read byte for byte: an empty body',
  ],
  [
    'treats every method as POST',
    { read: (request) => ({ ...RIGHT.read(request), method: 'POST' }) as ReturnType<Steps['read']> },
    'GET is not allowed',
    'HEAD is not allowed',
    'PUT is not allowed',
    'raw: method PROPFIND – refused',
  ],
  [
    'answers on every path',
    { first: () => false },
    'another path is not found',
    'raw: target with a trailing slash – refused',
    'raw: target with a trailing %00 – refused',
  ],
  [
    'reads bodies without a limit',
    {
      read: async (request) => {
        const chunks = await request.toArray()
        return { method: 'POST', headers: request.headers, body: Buffer.concat(chunks) }
      },
    },
    'a body that stops after its first byte times out',
    'a body that arrives a byte at a time times out',
    'an endless chunked body is cut off',
  ],
  [
    'keeps the first of two headers',
    {
      read: (request) => {
        const { rawHeaders: raw } = request
        const headers: Record<string, string> = {}
        for (let at = 0; at < raw.length; at += 2) headers[raw[at]!.toLowerCase()] ??= raw[at + 1]!
        return { ...RIGHT.read(request), headers } as ReturnType<Steps['read']>
      },
    },
    'a delivery with two webhook-id headers is refused',
    'a delivery with two identical webhook-signature headers is refused',
    'raw: webhook-timestamp sent twice, once in upper case – refused',
  ],
  [
    'believes trailers',
    {
      read: async (request) => {
        const body = Buffer.concat(await request.toArray())
        return { method: 'POST', headers: { ...request.headers, ...request.trailers }, body }
      },
    },
    'raw: webhook-signature in a trailer instead of a header – refused',
    'raw: a good signature in a trailer, a bad one in a header – refused',
    'raw: another signature in a trailer – accepted',
  ],
  [
    'crashes on a header named __proto__',
    {
      first(request, response) {
        if (request.rawHeaders.includes('__proto__')) response.destroy()
        return RIGHT.first(request, response)
      },
    },
    'a header named __proto__ does no harm',
    'raw: headers named after inherited properties – accepted',
  ],
  [
    'never closes a connection that it should close',
    {
      write(response, { status, headers, body }) {
        response.removeHeader('connection')
        response.socket?.write(`HTTP/1.1 ${status} x\r\ncontent-type: ${headers['content-type']}\r\n`)
        response.socket?.write(`content-length: ${body.length}\r\n\r\n${body}`)
      },
    },
    'a connection is closed after the answer when the sender asks for it',
  ],
  [
    'answers nothing',
    { write: () => {} },
    'a good delivery is accepted',
    'raw: webhook-id in quotes – refused',
  ],
]
