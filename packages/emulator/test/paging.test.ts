import { describe, expect, test } from 'vitest'
import { call, createTestEmulator, SDKS, startEmulator } from './support.ts'
import { upload } from './uploading.ts'

const model = 'gemini-3.8-flash'
const src = [{ contents: [{ parts: [{ text: 'hi' }] }] }]

describe.each(SDKS)('with the SDK %s', (_, connect) => {
  test('batches and files are deleted while they are listed', async () => {
    const { url } = await startEmulator()
    const ai = connect(url)
    const created: string[] = []
    for (const text of ['a', 'b', 'c', 'd', 'e']) {
      created.push((await ai.batches.create({ model, src })).name!)
      created.push((await ai.files.upload({ file: new Blob([text], { type: 'text/plain' }) })).name!)
    }
    const deleted: string[] = []
    for await (const { name } of await ai.batches.list({ config: { pageSize: 2 } })) {
      await ai.batches.delete({ name: name! })
      deleted.push(name!)
    }
    for await (const { name } of await ai.files.list({ config: { pageSize: 2 } })) {
      await ai.files.delete({ name: name! })
      deleted.push(name!)
    }
    expect(deleted.toSorted()).toEqual(created.toSorted())
  })

  test('webhooks are deleted while they are listed', async () => {
    const { url } = await startEmulator()
    const ai = connect(url)
    const uris = ['a', 'b', 'c', 'd', 'e'].map((name) => `https://${name}.example/`)
    for (const uri of uris) await ai.webhooks.create({ uri, subscribed_events: ['batch.succeeded'] })
    const deleted: string[] = []
    let token: string | undefined
    do {
      const page = await ai.webhooks.list({ page_size: 2, ...(token && { page_token: token }) })
      for (const { id, uri } of page.webhooks ?? []) {
        await ai.webhooks.delete(id!)
        deleted.push(uri!)
      }
      token = page.next_page_token
    } while (token)
    expect(deleted).toEqual(uris)
  })
})

test('the next page begins after the last entry of the one before, whatever was deleted or changed', async () => {
  const emulator = createTestEmulator()
  for (const name of ['a', 'b', 'c', 'd', 'e']) await upload(emulator, name, { name: `files/${name}` })
  const first = (await call(emulator, 'GET', '/v1beta/files?pageSize=3')).body
  for (const name of ['a', 'c']) await call(emulator, 'DELETE', `/v1beta/files/${name}`)
  await upload(emulator, 'again', { name: 'files/c' })
  const token = encodeURIComponent(first.nextPageToken)
  const second = (await call(emulator, 'GET', `/v1beta/files?pageSize=9&pageToken=${token}`)).body
  // The new file of the same name comes last, as a new one does.
  expect(second.files.map(({ name }: { name: string }) => name)).toEqual(['files/d', 'files/e', 'files/c'])
})

test.each(['x', '1', '.', '-1', '1e9', '%20'])('the page token %s is refused', async (token) => {
  const answer = await call(createTestEmulator(), 'GET', `/v1beta/files?pageToken=${token}`)
  expect([answer.status, answer.body.error.message]).toEqual([400, 'The page token is invalid.'])
})
