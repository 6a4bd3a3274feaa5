// What an import weighs in a bundle for Node, minified and gzipped. docs/sizes.md has all entry points of core.
import { weighImports } from './imports.ts'

for (const { name, value } of await weighImports())
  console.log(name.padEnd(32), `${value.toFixed(1)} KB`.padStart(9))
process.exit()
