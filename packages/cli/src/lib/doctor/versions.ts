import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Finding, failed, ok, warning } from './finding.ts'

const OLDEST_NODE = [22, 13]
// Up to 3.51.2, two processes that write at the same moment can corrupt a file: https://www.sqlite.org/wal.html#walresetbug
const SHAREABLE_SQLITE = [3, 51, 3]
const PACKAGES = ['core', 'node', 'next', 'genai', 'store-sqlite', 'store-redis', 'bullmq']

/** Checks the versions of the runtime, of SQLite, and of the packages of ours in the project. */
export async function checkVersions(cwd: string): Promise<Finding[]> {
  return [checkNode(), checkSqlite(), ...(await checkPackages(cwd))]
}

function checkNode(): Finding {
  const { node } = process.versions
  if (isAtLeast(node, OLDEST_NODE)) return ok('Node.js', node)
  return failed('Node.js', `${node} is too old`, 'Use Node.js 22.13 or newer.')
}

function checkSqlite(): Finding {
  const { sqlite } = process.versions
  if (sqlite === undefined) return warning('SQLite', 'this runtime has none', 'Use Node.js 22.13 or newer.')
  if (isAtLeast(sqlite, SHAREABLE_SQLITE)) return ok('SQLite', sqlite)
  const message = `${sqlite}: one process alone can use a queue`
  return warning('SQLite', message, 'For a receiver and workers in several processes, use a newer Node.js.')
}

function isAtLeast(version: string, oldest: readonly number[]): boolean {
  const numbers = version.split('.').map(Number)
  for (const [index, needed] of oldest.entries()) {
    if (numbers[index] !== needed) return (numbers[index] ?? 0) > needed
  }
  return true
}

/** All packages of ours have one version; two of them mean an update that was done by half. */
async function checkPackages(cwd: string): Promise<Finding[]> {
  const found = await Promise.all(
    PACKAGES.map(async (name) => [`@gwh/${name}`, await readVersion(cwd, name)] as const),
  )
  const installed = found.filter(([, version]) => version !== undefined)
  if (installed.length === 0) return []
  const list = installed.map(([name, version]) => `${name} ${version}`).join(', ')
  if (new Set(installed.map(([, version]) => version)).size === 1) return [ok('packages', list)]
  return [
    warning('packages', `different versions: ${list}`, 'Update them together: they are released as one.'),
  ]
}

async function readVersion(cwd: string, name: string): Promise<string | undefined> {
  try {
    const path = join(cwd, 'node_modules/@gwh', name, 'package.json')
    return (JSON.parse(await readFile(path, 'utf8')) as { version?: string }).version
  } catch {
    return undefined
  }
}
