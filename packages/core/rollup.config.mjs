import { readdirSync, rmSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'

// Loading a file costs Node more than the code in it, so modules that are loaded together are written to one file: an
// import of `@gwh/core` reads seven, where esbuild, which cannot be told, needs twenty-five. A bundler makes one chunk of
// the files that the same on-demand parts need, so those parts need two: `base`, which is also all of
// `@gwh/core/verify`, and `parsing`. The first match counts.
const FILES = [
  ['rotating', /^shared\/(?:refreshable|shared-load)\.|^schemes\/rotating|^jobs\/job-token/],
  ['canonical-json', /^shared\/canonical-json\./],
  [
    'parsing',
    /^shared\/(?:json|environment)|^events\/(?!event-schemas)|^jwks\/(?:key-set|given|emulator)|^jobs\/job-keys|^handle\/(?:sink|dispatch)\./,
  ],
  ['dynamic', /^crypto\/ed25519|^jwks\/(?!google|jwks-url)|^schemes\/dynamic-/],
  ['explain', /^verify\/(?:explain|prepare)|^receiver\/explanations/],
  [
    'base',
    /^(?:shared|jwks|verify)\/|^jobs\/hide|^http\/(?:answer|body|headers)|^schemes\/(?!jwt|rotating|sign\.)/,
  ],
  ['http', /^http\/(?!raw-body)|^receiver\/after-answer/],
  ['queue', /^queue\//],
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
