import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The folder the snippets are written to: inside the package, so that its dependencies are found. */
export const FOLDER = here('../.snippets')

// "The 'files' list is empty": they are given one by one.
const EMPTY_FILES = 18002

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

/** The compiler's messages about snippets of docs/frameworks.md, one per line. */
export function compile(names: readonly string[]): string[] {
  const { config } = ts.readConfigFile(here('../tsconfig.json'), ts.sys.readFile)
  const files = [...names.map((name) => join(FOLDER, name)), here('../src/ambient.d.ts')]
  return compileWith(config, files)
}

/**
 * The compiler's messages about the files of a folder, one per line, with the tsconfig.json that a page shows. Packages are
 * read from their source; nothing else is changed.
 */
export function compileAs(page: string, folder: string): string[] {
  const config = JSON.parse(/^```json\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '{}') as {
    compilerOptions: object
  }
  const compilerOptions = { ...config.compilerOptions, customConditions: ['@gwh/source'] }
  return compileWith(
    { compilerOptions },
    readdirSync(folder).map((name) => join(folder, name)),
  )
}

function compileWith(config: object, files: readonly string[]): string[] {
  const { options, errors } = ts.parseJsonConfigFileContent(
    { files: [], ...config },
    ts.sys,
    here('..'),
    {},
    here('../tsconfig.json'),
  )
  if (errors.some(({ code }) => code !== EMPTY_FILES)) throw new TypeError(JSON.stringify(errors))
  const program = ts.createProgram(files, options)
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName.split('/').at(-1)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}
