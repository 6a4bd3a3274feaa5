import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The folder the snippets are written to: inside the package, so that its dependencies are found. */
export const FOLDER = here('../.snippets')

/** The TypeScript of a page, by the file name in each snippet's first line. */
export function extract(page: string): Map<string, string> {
  const blocks = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!)
  return new Map(blocks.map((code) => [/^\/\/ ([a-z0-9-]+\.ts)\b/.exec(code)?.[1] ?? '(unnamed)', code]))
}

/** Writes the snippets of docs/frameworks.md, and the one module one of them takes from its app. */
export function writeSnippets(): Map<string, string> {
  const snippets = extract(readFileSync(here('../../../docs/frameworks.md'), 'utf8'))
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, code] of snippets) writeFileSync(join(FOLDER, name), code)
  writeFileSync(join(FOLDER, 'app.module.ts'), 'export class AppModule {}\n')
  return snippets
}

/** The compiler's messages, one per line. */
export function compile(names: readonly string[], folder: string = FOLDER): string[] {
  const config = ts.readConfigFile(here('../tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(
    config.config,
    ts.sys,
    here('..'),
    {},
    here('../tsconfig.json'),
  )
  const files = [...names.map((name) => join(folder, name)), here('../src/ambient.d.ts')]
  const program = ts.createProgram(files, options)
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName.split('/').at(-1)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}
