// How fast a delivery is verified and refused; `npm run bench` writes the same tables to docs/performance.md.
import { measureCpu } from './cpu-table.ts'
import { printMeasured } from './report/print.ts'
import { verifyTables } from './verify-tables.ts'

const ROUNDS = 15

for await (const table of verifyTables()) printMeasured(table.title, await measureCpu(table, ROUNDS))
process.exit()
