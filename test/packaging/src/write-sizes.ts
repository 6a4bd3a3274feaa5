// Writes the size of every entry point to docs/sizes.md.
import { writeFileSync } from 'node:fs'
import { measurePage, measureSizes, reportPath, toReport } from './sizes.ts'

const report = toReport(await measureSizes(), await measurePage())
writeFileSync(reportPath, report)
console.log(report)
