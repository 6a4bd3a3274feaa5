import { readdirSync, rmSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'

// Loading a file costs Node more than the code in it, so modules that are loaded together are written to one file; esbuild,
// which cannot be told, writes twenty-five for an import of `@gwh/core`. What small entry points need, such as `shared`, is
// apart from verification. The first match counts.
const FILES = [
  ['rotating', /^shared\/(?:refreshable|shared-load)\.|^schemes\/rotating|^jobs\/job-token/],
  ['canonical-json', /^shared\/canonical-json\./],
  ['events', /^shared\/json|^events\/(?!event-schemas)/],
  ['given', /^shared\/environment|^jwks\/(?:key-set|given|emulator)|^jobs\/job-keys/],
  ['shared', /^shared\//],
  ['queue', /^queue\/|^jobs\/hide/],
  ['dynamic', /^crypto\/ed25519|^jwks\/(?!google|jwks-url)|^schemes\/dynamic-/],
  ['explain', /^verify\/(?:explain|prepare)|^receiver\/explanations/],
  [
    'base',
    /^(?:jwks|verify)\/|^http\/(?!raw-body)|^receiver\/after-answer|^schemes\/(?!jwt|rotating|sign\.)/,
  ],
  ['store', /^store\//],
]

const at = (path) => fileURLToPath(new URL(path, import.meta.url))

const typescript = {
  name: 'typescript',
  transform: (code, sourcefile) =>
    transform(code, { loader: 'ts', target: 'es2024', sourcefile, sourcemap: true }),
}

const clean = { name: 'clean', buildStart: () => rmSync(at('dist'), { recursive: true, force: true }) }

/** The code of the package; `tsup` writes the types. Entry points are the files at the top of `src`. */
export default {
  input: {
    ...Object.fromEntries(
      readdirSync(at('src'))
        .filter((file) => file.endsWith('.ts'))
        .map((file) => [file.slice(0, -3), at(`src/${file}`)]),
    ),
    'crypto/node': at('src/lib/crypto/node.ts'),
    'crypto/webcrypto': at('src/lib/crypto/webcrypto.ts'),
  },
  external: [/^#/, /^node:/, /^jose\//, /^zod\//],
  plugins: [clean, typescript],
  treeshake: { moduleSideEffects: false },
  output: {
    dir: at('dist'),
    chunkFileNames: 'lib/[name].js',
    sourcemap: true,
    hoistTransitiveImports: false,
    manualChunks: (path) => FILES.find(([, pattern]) => pattern.test(relative(at('src/lib'), path)))?.[0],
  },
}
