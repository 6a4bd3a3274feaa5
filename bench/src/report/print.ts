import type { Growth } from '../growth/growth.ts'
import type { Measured } from '../measured.ts'
import type { Figure } from './section.ts'

/** Prints a table of what deliveries cost. */
export function printMeasured(title: string, measured: readonly Measured[]): void {
  console.log(`\n${title}\n`)
  for (const one of measured) console.log(`  ${toLine(one)}`)
}

function toLine({ name, leastUs, medianUs, ratio, to, p99Ms, stallMs }: Measured): string {
  const cost = `${leastUs.toFixed(1).padStart(7)} µs (median ${medianUs.toFixed(1).padStart(7)})`
  const waits =
    p99Ms === undefined ? '' : `  p99 ${p99Ms.toFixed(1)} ms, longest stall ${stallMs!.toFixed(1)} ms`
  return `${name.padEnd(40)} ${cost}  × ${ratio.toFixed(2)} of ${to}${waits}`
}

/** Prints a table of figures that are smaller for the better. */
export function printFigures(table: { title: string; unit: string; figures: readonly Figure[] }): void {
  console.log(`\n${table.title} (${table.unit})\n`)
  for (const { name, value, target = '' } of table.figures) {
    console.log(`  ${name.padEnd(40)} ${value.toFixed(1).padStart(7)}  ${target}`)
  }
}

/** Prints how a figure grows. */
export function printGrowth({ title, unit, at, lines }: Growth): void {
  console.log(`\n${title} (${unit})\n`)
  console.log(`  ${''.padEnd(40)} ${at.map((label) => label.padStart(10)).join('')}`)
  for (const { name, values } of lines) {
    console.log(`  ${name.padEnd(40)} ${values.map((value) => value.toFixed(2).padStart(10)).join('')}`)
  }
}
