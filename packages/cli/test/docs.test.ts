import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Stage, setStage } from './transcripts.ts'

const PAGE = fileURLToPath(new URL('../../../docs/cli.md', import.meta.url))
const BLOCK = /(?<=^```console\n)[\s\S]*?(?=^```$)/gm

/** Runs the lines of a block that begin with `$`; returns the block as it should be. */
async function play(stage: Stage, block: string): Promise<string> {
  const parts: string[] = []
  for (const [line] of block.matchAll(/^\$ .*$/gm)) {
    const { text, code } = await stage.run(line.slice(2))
    const settled = stage.settle(text)
    parts.push(
      [line, ...(settled === '' ? [] : [settled]), ...(code === 0 ? [] : [`[exit code ${code}]`])].join('\n'),
    )
  }
  return `${parts.join('\n\n')}\n`
}

// To write the page anew: GWH_WRITE_DOCS=1 npx pnpm@12 test:unit packages/cli/test/docs.test.ts
test('every transcript of docs/cli.md is what the commands print', async () => {
  const page = readFileSync(PAGE, 'utf8')
  const stage = await setStage()
  let played = page
  for (const [block] of page.matchAll(BLOCK)) {
    const actual = await play(stage, block)
    played = played.replace(block, () => actual)
  }
  if (process.env.GWH_WRITE_DOCS) writeFileSync(PAGE, played)
  else expect(page).toBe(played)
}, 120_000)
