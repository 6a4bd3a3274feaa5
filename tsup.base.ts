import { readdirSync } from 'node:fs'
import { defineConfig } from 'tsup'

/**
 * The build every package shares: one output per top-level file of `src`, which are exactly the package's
 * public entry points, plus what `extra` names. Other `@gwh/*` packages and `#imports` stay external, so that
 * `instanceof` holds across packages and runtime conditions are resolved where the code runs.
 *
 * @param options.typesOnly Something else writes the code
 */
export function packageBuild(extra: Record<string, string> = {}, { typesOnly = false } = {}) {
  const surface = readdirSync('src').filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  return defineConfig({
    entry: { ...Object.fromEntries(surface.map((file) => [file.slice(0, -3), `src/${file}`])), ...extra },
    format: ['esm'],
    target: 'es2024',
    platform: 'neutral',
    // `sqlite` and `test` exist under `node:` only.
    removeNodeProtocol: false,
    external: [/^@gwh\//, /^#/, /^node:/],
    dts: typesOnly ? { only: true } : true,
    sourcemap: true,
    clean: true,
    treeshake: true,
  })
}
