import { setTimeout as pause } from 'node:timers/promises'

const LOOK_EVERY_MS = 2

/** Waits until a condition holds; fails with its name when that takes too long. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  patienceMs = 20_000,
): Promise<void> {
  // The machine's clock: tests may have changed what Date shows.
  const end = performance.now() + patienceMs
  while (!(await isSo())) {
    if (performance.now() > end) throw new RangeError(`waited ${patienceMs} ms in vain until ${what}`)
    await pause(LOOK_EVERY_MS)
  }
}
