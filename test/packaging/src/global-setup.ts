import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startRegistry, upstreamRegistry } from './registry.ts'
import { copyRepository, pnpm, release } from './release.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The registry from which every package of this repository can be installed. */
    registryUrl: string
    /** The copy of the repository they were released from. */
    copy: string
    /** An empty folder outside the repository. */
    work: string
  }
}

/** Releases every package to a private registry before the tests. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const work = mkdtempSync(join(tmpdir(), 'gwh-packaging-'))
  const copy = join(work, 'repository')
  const registry = await startRegistry(join(work, 'registry'))
  const tearDown = async () => {
    await registry.close()
    rmSync(work, { recursive: true })
  }
  try {
    await copyRepository(copy, await upstreamRegistry(work))
    await pnpm(copy, ['changeset', '--patch', '@gwh/core', '--message', 'Something a user can notice.'])
    await release(copy, registry.url)
  } catch (error) {
    await tearDown()
    throw error
  }
  project.provide('registryUrl', registry.url)
  project.provide('copy', copy)
  project.provide('work', work)
  return tearDown
}
