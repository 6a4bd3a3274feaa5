import { defineConfig, type Plugin } from 'vite'

/** Replaces the script and the stylesheet by one module that exports both as text, which any bundler can carry along. */
function asModule(): Plugin {
  return {
    name: 'as-module',
    enforce: 'post',
    generateBundle(_, bundle) {
      const texts = { script: '', style: '' }
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === 'chunk') texts.script += file.code
        else if (name.endsWith('.css')) texts.style += String(file.source)
        delete bundle[name]
      }
      const source = Object.entries(texts).map(
        ([name, text]) => `export const ${name} = ${toLiteral(text)}\n`,
      )
      this.emitFile({ type: 'asset', fileName: 'built-page.js', source: source.join('') })
    },
  }
}

/** JSON, without the two characters that JavaScript once took for ends of lines. */
function toLiteral(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    outDir: 'dist',
    // tsup has written the rest of it.
    emptyOutDir: false,
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: false,
    rollupOptions: { input: 'page/main.tsx' },
  },
  plugins: [asModule()],
})
