const LOOK_EVERY_MS = 20
const PATIENCE_MS = 30_000

/**
 * Waits until something answers at the address, whatever the answer.
 *
 * @throws What `fetch` rejects with, after half a minute
 */
export async function untilAnswered(url: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      await fetch(url)
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }
}
