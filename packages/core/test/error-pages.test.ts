import { readdirSync, readFileSync } from 'node:fs'
import { ERROR_STATUS } from '@gwh/core/errors'
import { describe, expect, test } from 'vitest'

const FOLDER = new URL('../../../docs/errors/', import.meta.url)
const HEADINGS = ['What the sender sees', 'Causes', 'Fix', 'Not to be confused with']
const MAX_LINES = 30

const CODES = Object.entries<number>(ERROR_STATUS)
const read = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8')
const sectionOf = (page: string, heading: string) =>
  page
    .split(/^## /m)
    .find((section) => section.startsWith(`${heading}\n`))
    ?.slice(heading.length)
    .trim()

test('every code has a page, and every page a code', () => {
  const pages = readdirSync(FOLDER).filter((name) => name !== 'README.md')
  expect(pages.sort()).toEqual(CODES.map(([code]) => `${code}.md`).sort())
})

describe.each(CODES)('the page of %s', (code, status) => {
  // Read when a test runs: a page that is missing fails its own tests, not the file.
  const load = () => read(`${code}.md`)

  test('has its code as title and the four headings, each with something below it', () => {
    const page = load()
    const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, text]) => text)
    expect(headings).toEqual([code, ...HEADINGS])
    for (const heading of HEADINGS) expect(sectionOf(page, heading)).not.toBe('')
  })

  test('names the status', () => {
    expect(sectionOf(load(), 'What the sender sees')).toMatch(new RegExp(`\\b${status}\\b`))
  })

  test('fits on a screen', () => {
    expect(load().split('\n').length - 1).toBeLessThanOrEqual(MAX_LINES)
  })

  test('quotes no answer that does not exist', () => {
    const answers = [...load().matchAll(/"error":"([a-z_]+)"/g)].map(([, word]) => word!)
    expect(answers.filter((word) => word !== 'unauthorized' && !(word in ERROR_STATUS))).toEqual([])
  })
})

test('the table of the README has every code, with its status and a line about it', () => {
  const rows = [...read('README.md').matchAll(/^\| \[`(\w+)`\]\((\w+)\.md\) *\| (\d{3}) *\| (.+?) *\|$/gm)]
  expect(rows.map(([, code, page, status]) => [code, page, Number(status)])).toEqual(
    CODES.map(([code, status]) => [code, code, status]),
  )
  expect(rows.every(([, , , , line]) => line!.endsWith('.'))).toBe(true)
})

test('all pages of a 401 show the same answer', () => {
  for (const [code] of CODES.filter(([, status]) => status === 401)) {
    expect(sectionOf(read(`${code}.md`), 'What the sender sees')).toMatch(/^401 `\{"error":"unauthorized"\}`/)
  }
})
