import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, gwh, start } from './support.ts'

const OLD = 'http://127.0.0.1:9/old'
const NEW = 'http://127.0.0.1:9/new'

/** A project in which `gwh dev` can be started again and again. */
function setUp() {
  const cwd = emptyFolder()
  const kept = () => JSON.parse(readFileSync(join(cwd, '.gwh/dev.json'), 'utf8'))
  async function dev(forward: string, during: () => Promise<void>): Promise<void> {
    const running = start(cwd, ['dev', '--port', '0', '--forward', forward])
    await running.saw(/Ctrl-C/)
    await during()
    running.kill('SIGINT')
    expect((await running.finished).code).toBe(0)
  }
  async function webhooks(): Promise<object[]> {
    return JSON.parse((await gwh(cwd, ['webhooks', 'list', '--json'])).stdout).webhooks
  }
  async function triggered(): Promise<string[]> {
    const { stdout } = await gwh(cwd, ['trigger', 'batch.succeeded', '--json'])
    return JSON.parse(stdout).deliveries.map(({ uri }: { uri: string }) => uri)
  }
  const create = (uri: string) =>
    gwh(cwd, ['webhooks', 'create', '--uri', uri, '--name', 'mine', '--show-secret'])
  return { dev, kept, webhooks, triggered, create }
}

test('with another --forward, the webhook of gwh dev moves and keeps its secret; those of the user stay', async () => {
  const { dev, kept, webhooks, triggered, create } = setUp()
  const mine = `${OLD}/mine`
  await dev(OLD, async () => {
    expect(await create(mine)).toMatchObject({ code: 0 })
  })
  const { webhook: id, secret } = kept()
  await dev(NEW, async () => {
    expect((await triggered()).sort()).toEqual([NEW, mine])
    expect(await webhooks()).toMatchObject([
      { id, name: 'gwh dev', uri: NEW },
      { name: 'mine', uri: mine },
    ])
  })
  expect(kept()).toMatchObject({ webhook: id, secret })
})

test('a webhook of the user at the new URL stays too, and dev keeps to its own', async () => {
  const { dev, kept, webhooks, create } = setUp()
  await dev(OLD, async () => {
    expect(await create(NEW)).toMatchObject({ code: 0 })
  })
  const { webhook: id, secret } = kept()
  await dev(NEW, async () => {
    const names = (await webhooks()).map((webhook) => (webhook as { name: string }).name)
    expect(names.sort()).toEqual(['gwh dev', 'mine'])
  })
  expect(kept()).toMatchObject({ webhook: id, secret })
})
