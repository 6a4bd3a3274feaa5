import { textAnswer } from '../http/answers.ts'
import { icon, type PageOptions, pageHtml, unbuiltHtml } from './html.ts'

export type { PageOptions } from './html.ts'

/** Answers a request for a part of the page by its path below `basePath`; `undefined` when it has no such part. */
export type Page = (path: string) => Promise<Response | undefined>

/** Creates the handler of the page and of its script, stylesheet and icon. */
export function createPage(options: PageOptions): Page {
  return async (path) => {
    const built = await loadBuiltPage()
    if (path === '' || path === '/') {
      const html = built === undefined ? unbuiltHtml() : pageHtml(options)
      return textAnswer(html, 'text/html; charset=utf-8', built === undefined ? 503 : 200)
    }
    if (path === '/inspector.svg') return textAnswer(icon, 'image/svg+xml')
    if (built === undefined) return undefined
    if (path === '/inspector.js') return textAnswer(built.script, 'text/javascript; charset=utf-8')
    if (path === '/inspector.css') return textAnswer(built.style, 'text/css; charset=utf-8')
    return undefined
  }
}

/** The script and the stylesheet; `undefined` in a repository where the page was not built. */
async function loadBuiltPage(): Promise<{ script: string; style: string } | undefined> {
  try {
    return await import('#built-page')
  } catch {
    return undefined
  }
}
