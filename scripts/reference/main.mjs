// `npx pnpm@12 docs`: writes docs/reference anew.
import { fileURLToPath } from 'node:url'
import { generateReference } from './generate.mjs'

const undocumented = await generateReference(fileURLToPath(new URL('../../docs/reference', import.meta.url)))
for (const name of undocumented) console.log(`no docstring: ${name}`)
