// How much CPU time Node needs to import an entry point in a fresh process. The minimum of many starts, because other load
// only adds to it, and in turns, so that it adds to all alike.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const bench = at('..')
const core = at('../../packages/core')
const IMPORTS = [
  { specifiers: ['@gwh/core'], from: bench },
  { specifiers: ['@gwh/core/verify'], from: bench },
  { specifiers: ['@gwh/core/queue'], from: bench },
  { specifiers: ['@gwh/core/events'], from: bench },
  { specifiers: ['@gwh/node', '@gwh/store-sqlite'], from: bench },
  { specifiers: ['standardwebhooks'], from: bench },
  { specifiers: ['zod/mini'], from: core },
  // What every HMAC on Node needs, and what every server.
  { specifiers: ['node:crypto'], from: bench },
  { specifiers: ['node:http'], from: bench },
]
const STARTS = Number(process.argv[2] ?? 21)
/** The milliseconds of CPU time that one start spends on the imports. */
function start({ specifiers, from }) {
  const imports = specifiers.map((specifier) => `await import('${specifier}');`).join('')
  const script = `const before=process.cpuUsage();${imports}const{user,system}=process.cpuUsage(before);console.log(user+system)`
  const microseconds = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: from })
  return Number(microseconds) / 1000
}
const least = IMPORTS.map(() => Number.POSITIVE_INFINITY)
for (let round = 0; round < STARTS; round++) {
  for (const [index, one] of IMPORTS.entries()) least[index] = Math.min(least[index], start(one))
}
const zod = least[IMPORTS.findIndex(({ specifiers }) => specifiers[0] === 'zod/mini')]
console.log(`Node ${process.versions.node}, the least of ${STARTS} starts`)
console.log(`${'import'.padEnd(32)}  CPU time  of zod/mini`)
for (const [index, { specifiers }] of IMPORTS.entries()) {
  const columns = [`${least[index].toFixed(1)} ms`.padStart(9), (least[index] / zod).toFixed(2).padStart(12)]
  console.log(specifiers.join(' + ').padEnd(32), ...columns)
}
