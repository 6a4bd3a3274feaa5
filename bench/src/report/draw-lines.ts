import type { Growth } from '../growth/growth.ts'
import { escapeText, PALETTE, svg } from './svg.ts'

const WIDTH = 760
const PLOT_HEIGHT = 210
const LEFT = 70
const RIGHT = 20
const LEGEND_TOP = 44
const LEGEND_ROW = 16
const BOTTOM = 50
const COLOURS = [PALETTE.ours, PALETTE.others, PALETTE.third]

/** Draws one line for each contender, from 0 upwards. */
export function drawLines({ title, unit, of, at, lines }: Omit<Growth, 'id'>): string {
  const highest = Math.max(...lines.flatMap(({ values }) => values)) * 1.1
  const top = LEGEND_TOP + lines.length * LEGEND_ROW
  const height = top + PLOT_HEIGHT + BOTTOM
  const xOf = (index: number) => LEFT + (index / Math.max(1, at.length - 1)) * (WIDTH - LEFT - RIGHT - 40)
  const yOf = (value: number) => top + PLOT_HEIGHT * (1 - value / highest)
  const ticks = at.map(
    (label, index) =>
      `<text x="${xOf(index).toFixed(1)}" y="${height - 30}" text-anchor="middle">${label}</text>`,
  )
  const levels = [0, 0.5, 1].map((share) => {
    const y = yOf(highest * share).toFixed(1)
    const axis = `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="${PALETTE.axis}"/>`
    return `${axis}\n<text x="${LEFT - 6}" y="${y}" text-anchor="end">${toLabel(highest * share)}</text>`
  })
  const drawn = lines.map(({ name, values }, index) => {
    const points = values.map((value, at) => `${xOf(at).toFixed(1)},${yOf(value).toFixed(1)}`)
    const colour = COLOURS[index % COLOURS.length]!
    const label = `<text x="${LEFT + 8}" y="${LEGEND_TOP + index * LEGEND_ROW}" fill="${colour}">${escapeText(name)}</text>`
    const line = `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`
    return `${line}\n${label}`
  })
  const below = `<text x="${WIDTH / 2}" y="${height - 10}" text-anchor="middle">${escapeText(of)}</text>`
  return svg(WIDTH, height, `${title} (${unit})`, [...levels, ...ticks, ...drawn, below])
}

function toLabel(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 1 ? 2 : 1)
}
