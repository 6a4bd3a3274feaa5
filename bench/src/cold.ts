// How much CPU time Node needs to import an entry point in a fresh process: `cold [starts]`.
import { measureImports } from './imports.ts'

const starts = Number(process.argv[2] ?? 21)
const measured = measureImports(starts)
const zod = measured.find(({ name }) => name === 'zod/mini')!.value
console.log(`Node ${process.versions.node}, the least of ${starts} starts`)
console.log(`${'import'.padEnd(32)}  CPU time  of zod/mini`)
for (const { name, value } of measured) {
  const columns = [`${value.toFixed(1)} ms`.padStart(9), (value / zod).toFixed(2).padStart(12)]
  console.log(name.padEnd(32), ...columns)
}
