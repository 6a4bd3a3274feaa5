import { createBunHandler, serve } from '@gwh/bun'
import { createReceiver } from '@gwh/core'
import { signedDelivery } from '@gwh/testing'
import { expect, test } from 'vitest'

const SECRET = 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI='
const create = () => createReceiver({ static: { secrets: SECRET } })

const post = async (url: string) => {
  const { headers, body } = await signedDelivery({ secret: SECRET })
  return new Request(url, { method: 'POST', headers, body: new Uint8Array(body) })
}

test('only the given path is answered', async () => {
  const handle = createBunHandler(create(), { path: '/webhooks/gemini' })
  expect((await handle(await post('http://h/webhooks/gemini?x=1'))).status).toBe(200)
  const elsewhere = await handle(await post('http://h/other'))
  expect([elsewhere.status, await elsewhere.json()]).toEqual([404, { error: 'path_not_found' }])
})

test('a connection is never idle while its delivery is being answered', async () => {
  const seen: string[] = []
  const receiver = create().on('*', () => void seen.push('handler'))
  const server = { timeout: (_: Request, seconds: number) => void seen.push(`${seconds} s`) }
  await createBunHandler(receiver)(await post('http://h/'), server)
  expect(seen).toEqual(['0 s', 'handler', '10 s'])
})

test('a refused connection is closed, because Bun would read the rest of the body', async () => {
  const handle = createBunHandler(create())
  expect((await handle(new Request('http://h/'))).headers.get('connection')).toBe('close')
  expect((await handle(await post('http://h/'))).headers.get('connection')).toBeNull()
})

test('unknown options are refused before Bun is called', async () => {
  const invalid = { code: 'option_invalid' }
  expect(() => createBunHandler(create(), { pfad: '/' } as object)).toThrow(expect.objectContaining(invalid))
  await expect(serve(create(), { prot: 1 } as object)).rejects.toMatchObject(invalid)
})
