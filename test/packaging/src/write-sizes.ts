// Writes the size of every entry point to docs/sizes.md.
import { writeFileSync } from 'node:fs'
import { bundle, coreEntries, reportPath, toReport } from './sizes.ts'

const report = toReport(await Promise.all(coreEntries.map(bundle)))
writeFileSync(reportPath, report)
console.log(report)
