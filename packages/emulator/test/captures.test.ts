import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { NOTES } from './captures/notes.ts'
import { type Capture, replay } from './captures/replay.ts'

const captures: Capture[] = JSON.parse(
  readFileSync(new URL('./captures/captures.json', import.meta.url), 'utf8'),
)

interface Row {
  readonly name: string
  readonly three: readonly string[]
  readonly two: readonly string[]
}

const isEqual = ({ three, two }: Row) => three.length === 0 && two.length === 0

const INTRODUCTION = `# What the SDK gets from the emulator

Calls of \`@google/genai\` that were captured against a server with fixed answers, made once more against the emulator
with the versions 3.x and 2.x. *equal* means that the SDK sends the same requests and returns or throws the same, but
for ids, times, secrets and texts. Otherwise \`+\` marks what only the emulator has, \`-\` what only the capture has, and
\`≠\` what both have in different ways. \`packages/emulator/test/captures.test.ts\` writes this page.
`

function toPage(rows: readonly Row[]): string {
  const cell = (differences: readonly string[]) =>
    differences.map((text) => `\`${text}\``).join(' ') || 'equal'
  const lines = rows.map((row) => {
    const two = row.two.join() === row.three.join() ? 'as 3.x' : cell(row.two)
    return `| \`${row.name}\` | ${cell(row.three)} | ${isEqual(row) ? 'equal' : two} | ${NOTES[row.name] ?? ''} |`
  })
  const equal = rows.filter(isEqual).length
  const count = `${equal} of ${rows.length} calls are equal with both; the others differ as stated.`
  return `${INTRODUCTION}\n${count}\n\n| call | 3.x | 2.x | why |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`
}

test('each captured call does with both SDKs what docs/emulator-captures.md says', async () => {
  const rows: Row[] = []
  const waiting = [...captures.entries()]
  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, capture] = next
      const [three, two] = await Promise.all([replay(capture, 3), replay(capture, 2)])
      rows[index] = { name: capture.name, three, two }
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  expect(rows).toHaveLength(105)
  const differing = rows.filter((row) => !isEqual(row)).map(({ name }) => name)
  expect(Object.keys(NOTES).sort()).toEqual(differing.sort())
  await expect(toPage(rows)).toMatchFileSnapshot('../../../docs/emulator-captures.md')
})
