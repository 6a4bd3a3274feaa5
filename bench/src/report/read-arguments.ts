import { parseArgs } from 'node:util'
import { CHAPTERS, type ChapterTitle } from './chapters.ts'

/** What `npm run bench` was asked for. */
export interface Arguments {
  /** Whether fewer rounds are enough. */
  quick: boolean
  /** The only chapter to measure. */
  only?: ChapterTitle
}

/** Reads the arguments; ends the process with a message if there is a mistake in them. */
export function readArguments(args: string[]): Arguments {
  try {
    const { quick, only } = parseArgs({
      args,
      options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
    }).values
    return { quick, ...(only !== undefined && { only: findChapter(only) }) }
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}

function findChapter(word: string): ChapterTitle {
  const found = CHAPTERS.find((title) => title.toLowerCase().startsWith(word.toLowerCase()))
  if (found) return found
  throw new Error(`There is no chapter ${word}. There are ${CHAPTERS.join(', ')}.`)
}
