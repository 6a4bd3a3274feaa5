import { join } from 'node:path'
import { useBrowser } from '@gwh-test/support/browser'
import type { Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import type { World } from './world.ts'

/** How wide the page is shown. */
export const VIEWPORTS = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } }

/** Starts the browser for the tests of a file; returns how to open the page of an emulator at a screen. */
export function useInspector() {
  const open = useBrowser({ permissions: ['clipboard-read', 'clipboard-write'] })

  return async (world: World, screen = '', options: Parameters<typeof open>[1] = {}) => {
    const opened = await open(await world.emulator.inspectorUrl(), { waitUntil: 'load', ...options })
    onTestFinished(() => opened.page.close())
    await opened.page.getByRole('navigation').waitFor()
    if (screen !== '') await goTo(opened.page, screen)
    return opened
  }
}

/** Goes to a screen by its link. */
export async function goTo(page: Page, screen: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: screen, exact: true }).click()
  await page.getByRole('heading', { level: 1, name: screen }).waitFor()
}

/** What the last copy button wrote. */
export function clipboardOf(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText())
}

/** Clicks a button by its name. */
export function press(page: Page, name: string | RegExp): Promise<void> {
  return page
    .getByRole('button', { name, exact: typeof name === 'string' })
    .first()
    .click()
}

/** A folder for a picture of each screen, for looking at them. */
const folder = process.env.GWH_SCREENSHOTS

/** Takes a picture of the whole page, where pictures are wanted. */
export async function takePicture(page: Page, name: string): Promise<void> {
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}
