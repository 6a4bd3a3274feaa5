import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, inject, test } from 'vitest'
import { createProject, programs } from '../src/project.ts'
import { packageFolders, readManifest } from '../src/release.ts'

const copy = inject('copy')
const folders = packageFolders.filter((name) => existsSync(join(copy, 'packages', name, 'jsr.json')))
// Only what JSR gets: no package.json, nothing installed.
const project = createProject(join(inject('work'), 'jsr'), inject('registryUrl'))

const readJsr = (folder: string) =>
  JSON.parse(readFileSync(join(copy, 'packages', folder, 'jsr.json'), 'utf8'))

beforeAll(() => {
  rmSync(join(project.folder, 'package.json'))
  project.write({ 'deno.json': JSON.stringify({ workspace: folders.map((name) => `./${name}`) }) })
  for (const folder of folders) {
    const [from, to] = [join(copy, 'packages', folder), join(project.folder, folder)]
    for (const part of ['README.md', 'src']) cpSync(join(from, part), join(to, part), { recursive: true })
    // The workspace members use this file name; the contents are the same.
    cpSync(join(from, 'jsr.json'), join(to, 'deno.json'))
  }
})

test.each(folders)(
  '%s: what JSR would publish has types for every name, and no slow ones',
  async (folder) => {
    const { code, stderr } = await project.run(programs.deno, ['publish', '--dry-run', '--allow-dirty'], {
      cwd: join(project.folder, folder),
      mayFail: true,
    })
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('Dry run complete')
  },
)

test.each(folders)('%s has the same version and the same entry points on JSR and on npm', (folder) => {
  const { version, exports } = readManifest(join(copy, 'packages', folder))
  const jsr = readJsr(folder)
  const fromNpm = Object.entries(exports as Record<string, { '@gwh/source': string }>)
    .filter(([name]) => name !== './package.json')
    .map(([name, target]) => [name, target['@gwh/source']])
  expect(jsr.version).toBe(version)
  expect(jsr.exports).toEqual(Object.fromEntries(fromNpm))
})

test('Deno verifies a delivery with it', async () => {
  project.write({
    'verify.ts': `
      import { signStatic } from '@gwh/core/sign'
      import { verifyWebhook } from '@gwh/core'
      const secrets = 'whsec_' + btoa('x'.repeat(32))
      const timestamp = Math.floor(Date.now() / 1000)
      const body = '{"type":"batch.succeeded","data":{}}'
      const signature = await signStatic({ id: 'a', timestamp, body, secrets })
      const headers = { 'webhook-id': 'a', 'webhook-timestamp': String(timestamp), 'webhook-signature': signature }
      console.log((await verifyWebhook({ headers, body }, { secrets })).scheme)`,
  })
  const { stdout } = await project.run(programs.deno, ['run', 'verify.ts'])
  expect(stdout.trim()).toBe('static')
})
