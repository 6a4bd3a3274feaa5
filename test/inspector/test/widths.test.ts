import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { goTo, takePicture, useInspector } from './pages.ts'
import { OTHER_SECRET, startWorld } from './world.ts'

const open = useInspector()

/** What is broken in two although it is one word: states and answers. */
const broken = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.badge, td.answer')]
      .filter((element) => {
        const range = document.createRange()
        range.selectNodeContents(element)
        const tops = [...range.getClientRects()].map(({ top }) => Math.round(top))
        return new Set(tops).size > 1
      })
      .map((element) => element.textContent),
  )

for (const width of [1400, 1024, 390]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`states and answers are in one piece at ${width} pixels in ${colorScheme} colours`, async () => {
      const world = await startWorld({ jobs: { batchMs: 1 } })
      const uris = ['http://127.0.0.1:9/api/webhooks/gemini/of-a-customer']
      await world.emulator.trigger({ type: 'batch.succeeded' })
      await world.emulator.trigger({ type: 'interaction.requires_action', uris })
      await world.emulator.idle()
      world.useSecret(OTHER_SECRET)
      await world.emulator.trigger({ type: 'interaction.completed' })
      await world.emulator.idle()
      const { page } = await open(world, '', { viewport: { width, height: 900 }, colorScheme })
      for (const screen of ['Deliveries', 'Jobs', 'Webhooks']) {
        await goTo(page, screen)
        await page.locator('.badge').first().waitFor()
        expect(await broken(page), screen).toEqual([])
        await takePicture(page, `${screen.toLowerCase()}-${width}-${colorScheme}`)
      }
    })
  }
}
