import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'

const executablePath = '/usr/bin/chromium'
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts Chromium for all tests of the file, with a profile of its own; call it to open a page. */
export function useBrowser() {
  const profile = mkdtempSync(join(tmpdir(), 'gwh-chromium-'))
  let context: BrowserContext | undefined

  beforeAll(async () => {
    if (!existsSync(executablePath))
      throw new Error(`needs ${executablePath} (Debian: apt-get install chromium)`)
    context = await chromium.launchPersistentContext(profile, { executablePath, args, headless: true })
  })
  afterAll(async () => {
    await context?.close()
    rmSync(profile, { recursive: true })
  })

  /** Opens an address, with or without scripts; `warnings` are the warnings and errors in the browser's console. */
  return async (url: string, { scripts = true } = {}) => {
    const page = await context!.newPage()
    page.setDefaultTimeout(10_000)
    const session = await context!.newCDPSession(page)
    await session.send('Emulation.setScriptExecutionDisabled', { value: !scripts })
    const warnings: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) warnings.push(message.text())
    })
    page.on('pageerror', (error) => warnings.push(error.message))
    // With everything it loads, the icon included.
    await page.goto(url, { waitUntil: 'networkidle' })
    return { page, warnings }
  }
}
