import { escapeText, PALETTE, svg } from './svg.ts'

/** One bar of a chart. */
export interface Bar {
  name: string
  value: number
  /** Whether it is one of ours, which are in colour. */
  ours: boolean
}

const WIDTH = 760
const NAMES_WIDTH = 300
const FIGURE_WIDTH = 80
const ROW = 24
const TOP = 40

/** Draws horizontal bars; shorter is better. */
export function drawBars(title: string, unit: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map(({ value }) => value))
  const room = WIDTH - NAMES_WIDTH - FIGURE_WIDTH
  const rows = bars.map(({ name, value, ours }, index) => {
    const y = TOP + index * ROW
    const width = Math.max(1, (value / longest) * room)
    const fill = ours ? PALETTE.ours : PALETTE.others
    return [
      `<text x="${NAMES_WIDTH - 8}" y="${y + 15}" text-anchor="end">${escapeText(name)}</text>`,
      `<rect x="${NAMES_WIDTH}" y="${y + 3}" width="${width.toFixed(1)}" height="${ROW - 8}" fill="${fill}"/>`,
      `<text x="${(NAMES_WIDTH + width + 6).toFixed(1)}" y="${y + 15}">${value.toFixed(1)} ${unit}</text>`,
    ].join('\n')
  })
  return svg(WIDTH, TOP + bars.length * ROW + 8, `${title} (shorter is better)`, rows)
}
