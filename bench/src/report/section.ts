import type { Growth } from '../growth/growth.ts'
import type { Measured } from '../measured.ts'
import { type Bar, drawBars } from './draw-bars.ts'
import { drawLines } from './draw-lines.ts'

/** One table of the report and its chart. */
export interface Section {
  id: string
  title: string
  /** What is measured, in a sentence or two. */
  text: string
  head: readonly string[]
  rows: readonly (readonly string[])[]
  /** The chart, as SVG. */
  chart: string
}

/** A table of what deliveries cost. */
export function toCostSection(
  id: string,
  title: string,
  text: string,
  measured: readonly Measured[],
): Section {
  const waits = measured.some(({ p99Ms }) => p99Ms !== undefined)
  const targets = measured.some(({ target }) => target !== undefined)
  const head = ['', 'µs', 'median', 'ratio', ...(targets ? ['target'] : []), 'compared with']
  return {
    id,
    title,
    text,
    head: waits ? [...head, 'p99', 'longest stall'] : head,
    rows: measured.map(({ name, leastUs, medianUs, ratio, target, to, p99Ms = 0, stallMs = 0 }) => [
      name,
      toFigure(leastUs),
      toFigure(medianUs),
      name === to ? '' : ratio.toFixed(2),
      ...(targets ? [target ?? ''] : []),
      name === to ? '' : to,
      ...(waits ? [`${p99Ms.toFixed(1)} ms`, `${stallMs.toFixed(1)} ms`] : []),
    ]),
    chart: drawBars(
      `${title}: CPU time of one delivery`,
      'µs',
      measured.map(({ name, leastUs }) => toBar(name, leastUs)),
    ),
  }
}

/** A table of figures that are smaller for the better. */
export function toFigureSection(
  options: Pick<Section, 'id' | 'title' | 'text'> & { unit: string; figures: readonly Figure[] },
): Section {
  const { unit, figures, ...section } = options
  return {
    ...section,
    head: ['', unit, 'target'],
    rows: figures.map(({ name, value, target = '' }) => [name, value.toFixed(1), target]),
    chart: drawBars(
      section.title,
      unit,
      figures.map(({ name, value }) => toBar(name, value)),
    ),
  }
}

/** One figure of a contender. */
export interface Figure {
  name: string
  value: number
  /** What it should be, in words. */
  target?: string
}

/** A table of what changes while something grows. */
export function toGrowthSection({ id, title, unit, of, at, lines }: Growth, text: string): Section {
  return {
    id,
    title,
    text,
    head: [`${unit}, by ${of}`, ...at],
    rows: lines.map(({ name, values }) => [name, ...values.map(toFigure)]),
    chart: drawLines({ title, unit, of, at, lines }),
  }
}

function toBar(name: string, value: number): Bar {
  return { name, value, ours: name.startsWith('@gwh/') }
}

function toFigure(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString('en')
  return value < 1 ? value.toFixed(2) : value.toFixed(1)
}
