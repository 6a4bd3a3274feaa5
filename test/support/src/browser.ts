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

/** How a page is opened. */
interface OpenOptions {
  /** Whether its scripts run; default true. */
  scripts?: boolean
  viewport?: { width: number; height: number }
  colorScheme?: 'light' | 'dark'
  /** Default `networkidle`: with everything it loads, the icon included. A page that keeps a stream open never is. */
  waitUntil?: 'load' | 'networkidle'
}

/** Starts Chromium for all tests of the file, with a profile of its own; call it to open a page. */
export function useBrowser({ permissions = [] }: { permissions?: string[] } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'gwh-chromium-'))
  let context: BrowserContext | undefined

  beforeAll(async () => {
    if (!existsSync(executablePath))
      throw new Error(`needs ${executablePath} (Debian: apt-get install chromium)`)
    const options = { executablePath, args, headless: true, permissions }
    context = await chromium.launchPersistentContext(profile, options)
  })
  afterAll(async () => {
    await context?.close()
    rmSync(profile, { recursive: true })
  })

  /** Opens an address; `warnings` are the warnings and errors in the browser's console. */
  return async (url: string, options: OpenOptions = {}) => {
    const { scripts = true, viewport, colorScheme = null, waitUntil = 'networkidle' } = options
    const page = await context!.newPage()
    if (viewport) await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme })
    page.setDefaultTimeout(10_000)
    const session = await context!.newCDPSession(page)
    await session.send('Emulation.setScriptExecutionDisabled', { value: !scripts })
    const warnings: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) warnings.push(message.text())
    })
    page.on('pageerror', (error) => warnings.push(error.message))
    await page.goto(url, { waitUntil })
    return { page, warnings }
  }
}
