import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const FOLDERS = ['', 'docs', 'packages', 'apps', 'test', 'bench']
const SKIPPED = ['node_modules', 'dist', '.next']

/** The pages of the repository, as paths below its root. */
function pagesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return folder === '' || SKIPPED.includes(entry.name) ? [] : pagesIn(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

const pages = new Map(FOLDERS.flatMap(pagesIn).map((path) => [path, readFileSync(join(root, path), 'utf8')]))

/** A heading's anchor, as GitHub makes it. */
const toAnchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => toAnchor(heading!))
  // A repeated heading gets a number.
  const counted = headings.map((anchor, index) => {
    const before = headings.slice(0, index).filter((other) => other === anchor).length
    return before === 0 ? anchor : `${anchor}-${before}`
  })
  return [...counted, ...[...text.matchAll(/<a id="([^"]+)"/g)].map(([, id]) => id!)]
}

function isBroken(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, target))) return true
  if (anchor === undefined) return false
  const file = statSync(join(root, target)).isDirectory() ? join(target, 'README.md') : target
  return !anchorsOf(pages.get(file) ?? '').includes(anchor)
}

test('every relative link between pages leads to a file and a heading', () => {
  expect(pages.size).toBeGreaterThan(50)
  const broken = [...pages].flatMap(([page, text]) =>
    [...text.replace(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !/^[a-z]+:/.test(link) && isBroken(page, link))
      .map((link) => `${page}: ${link}`),
  )
  expect(broken).toEqual([])
})
