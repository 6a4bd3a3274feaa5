/** A line of two texts that were compared. */
export interface DiffLine {
  /** In both texts, in one of them, or how many equal lines are left out here. */
  readonly kind: 'same' | 'left' | 'right' | 'folded'
  readonly text: string
}

// Some 30 ms of work.
const MAX_PAIRS = 4_000_000
const CONTEXT_LINES = 3

/**
 * Compares two texts line by line, and leaves out equal lines far from every difference.
 *
 * @returns `undefined` when they are too long to compare
 */
export function diffLines(left: string, right: string): DiffLine[] | undefined {
  const [a, b] = [left.split('\n'), right.split('\n')]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const middleOf = (lines: readonly string[]) => lines.slice(start, lines.length - end)
  const middle = diffMiddle(middleOf(a), middleOf(b))
  if (middle === undefined) return undefined
  return fold([...a.slice(0, start).map(same), ...middle, ...a.slice(a.length - end).map(same)])
}

const same = (text: string): DiffLine => ({ kind: 'same', text })

/** By the longest common subsequence (https://en.wikipedia.org/wiki/Longest_common_subsequence). */
function diffMiddle(a: readonly string[], b: readonly string[]): DiffLine[] | undefined {
  if (a.length * b.length > MAX_PAIRS) return undefined
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const [down, right] = [lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!]
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(down, right)
    }
  }
  const lines: DiffLine[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const isLeft =
      j === b.length || (i < a.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(same(a[i++]!))
      j++
    } else if (isLeft) lines.push({ kind: 'left', text: a[i++]! })
    else lines.push({ kind: 'right', text: b[j++]! })
  }
  return lines
}

function fold(lines: readonly DiffLine[]): DiffLine[] {
  const isNear = new Uint8Array(lines.length)
  for (const [index, { kind }] of lines.entries()) {
    if (kind !== 'same') isNear.fill(1, Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1)
  }
  const shown: DiffLine[] = []
  for (let index = 0; index < lines.length; ) {
    if (isNear[index]) {
      shown.push(lines[index++]!)
      continue
    }
    const first = index
    while (index < lines.length && !isNear[index]) index++
    shown.push({ kind: 'folded', text: String(index - first) })
  }
  return shown
}

/** A field of two records. */
export interface DiffField {
  readonly name: string
  readonly left?: string | undefined
  readonly right?: string | undefined
}

type Fields = Readonly<Record<string, string | undefined>>

/** Puts the fields of two records side by side. */
export function pairFields(left: Fields, right: Fields): DiffField[] {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  const own = (fields: Fields, name: string) => (Object.hasOwn(fields, name) ? fields[name] : undefined)
  return names.map((name) => ({ name, left: own(left, name), right: own(right, name) }))
}
