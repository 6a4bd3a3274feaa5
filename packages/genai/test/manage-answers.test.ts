import { describe, expect, test } from 'vitest'
import { ensureWebhook, pingWebhook, rotateSecret } from '../src/index.ts'
import { type Answers, serveApi } from './google.ts'
import { SDKS } from './support.ts'

const WEBHOOK = { name: 'jobs', uri: 'https://app.example/', events: ['batch.succeeded'] }
const api = { code: 'api_failed' }
const garbage = [null, '', 5, { a: 1 }, 'not-a-secret']

describe.each(SDKS)('with @google/genai $sdk', ({ connect }) => {
  test.each(garbage)('a rotation that returns the secret %j saves nothing', async (secret) => {
    const { url } = await serveApi({}, () => ({ secret }))
    const saved: string[] = []
    const rotation = rotateSecret({ client: connect(url), webhook: 'w', save: (one) => saved.push(one) })
    await expect(rotation).rejects.toMatchObject(api)
    expect(saved).toEqual([])
  })

  test.each(garbage)(
    'a creation that returns the secret %j is searched for, and its secret rotated',
    async (secret) => {
      const made = { id: 'w1', name: 'jobs', new_signing_secret: secret }
      const answers: Answers[string][] = [
        { webhooks: [] },
        made,
        { webhooks: [made] },
        { secret: 'whsec_bmV3' },
      ]
      const { url } = await serveApi({}, () => answers.shift())
      const ensured = await ensureWebhook({ client: connect(url), ...WEBHOOK })
      expect(ensured).toMatchObject({ id: 'w1', outcome: 'created', secret: 'whsec_bmV3' })
    },
  )

  test.each([
    [{ webhooks: [], next_page_token: 'same' }],
    [{ webhooks: {} }],
    ['null'],
    [[]],
    [{ webhooks: [{ name: 'jobs', id: null }] }],
    ['<html>'],
  ])('the list %j is an error, and nothing is created', async (list) => {
    const { url, requests } = await serveApi({}, () => list)
    await expect(ensureWebhook({ client: connect(url), ...WEBHOOK })).rejects.toMatchObject(api)
    expect(requests.map(({ method }) => method)).not.toContain('POST')
  })

  test('errors of the API have a code and the status', async () => {
    const { url } = await serveApi({}, () => 403)
    const client = connect(url)
    const refused = { ...api, apiStatus: 403 }
    await expect(rotateSecret({ client, webhook: 'w', save: () => {} })).rejects.toMatchObject(refused)
    await expect(ensureWebhook({ client, ...WEBHOOK })).rejects.toMatchObject(refused)
    const receiver = { use: () => () => {} }
    await expect(pingWebhook({ client, webhook: 'w', receiver })).rejects.toMatchObject(refused)
  })
})

test('a list whose pages never end is an error', async () => {
  let pages = 0
  const { url } = await serveApi({}, () => ({ webhooks: [], next_page_token: `${pages++}` }))
  await expect(ensureWebhook({ client: SDKS[1]!.connect(url), ...WEBHOOK })).rejects.toMatchObject(api)
  expect(pages).toBeLessThan(1_000)
})
