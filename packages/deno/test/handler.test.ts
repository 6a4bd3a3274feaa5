import { createReceiver } from '@gwh/core'
import { createDenoHandler, serve } from '@gwh/deno'
import { signedDelivery } from '@gwh/testing'
import { expect, test } from 'vitest'

const SECRET = 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI='
const create = () => createReceiver({ static: { secrets: SECRET } })

const post = async (url: string) => {
  const { headers, body } = await signedDelivery({ secret: SECRET })
  return new Request(url, { method: 'POST', headers, body: new Uint8Array(body) })
}

test('only the given path is answered', async () => {
  const handle = createDenoHandler(create(), { path: '/webhooks/gemini' })
  expect((await handle(await post('http://h/webhooks/gemini?x=1'))).status).toBe(200)
  const elsewhere = await handle(await post('http://h/other'))
  expect([elsewhere.status, await elsewhere.json()]).toEqual([404, { error: 'path_not_found' }])
})

test('unknown options are refused before Deno is called', async () => {
  const invalid = { code: 'option_invalid' }
  expect(() => createDenoHandler(create(), { pfad: '/' } as object)).toThrow(expect.objectContaining(invalid))
  await expect(serve(create(), { prot: 1 } as object)).rejects.toMatchObject(invalid)
})
