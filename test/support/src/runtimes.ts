import { fileURLToPath } from 'node:url'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const bin = (name: string) => here(`../node_modules/.bin/${name}`)

/** How a TypeScript file is run on each runtime: the command, and what comes before the file. */
export const RUNTIMES = {
  // The oldest version that the packages declare. Before 22.18 it strips types only when told to, and warns about it.
  'Node 22': [here('../node_modules/node22/bin/node'), '--experimental-strip-types', '--no-warnings'],
  'Node 24': [process.execPath],
  Bun: [bin('bun'), 'run'],
  Deno: [bin('deno'), 'run', '--allow-all', '--no-prompt'],
} as const satisfies Record<string, readonly string[]>

/** The name of a runtime that runs files. */
export type Runtime = keyof typeof RUNTIMES
