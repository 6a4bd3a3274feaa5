import { expect, test } from 'vitest'
import { createTimeline } from '../src/timeline.ts'

test('lines are printed in the order of their times, not of their arrival', () => {
  const lines: string[] = []
  let now = 1_000
  const timeline = createTimeline(
    (line) => lines.push(line),
    () => now,
  )
  now = 1_020
  timeline.say('google', '← 200')
  timeline.receiver({ type: 'listening', url: 'late', at: 1_010 })
  expect(lines).toEqual([])
  timeline.flush()
  expect(lines.map((line) => line.trim().split(/ {2}/).at(-1))).toEqual(['listening on late', '← 200'])
})
