/** Where a page is and what it shows. */
export interface PageOptions {
  /** `emulator` shows everything; `dashboard` shows a queue only. */
  readonly mode: 'emulator' | 'dashboard'
  /** The path of the page, without a slash at its end; empty for the root. */
  readonly basePath: string
}

/** The document around the page: no inline script and no inline style. */
export function pageHtml({ mode, basePath }: PageOptions): string {
  const base = escapeAttribute(basePath)
  return `<!doctype html>
<html lang="en" data-mode="${mode}" data-base="${base}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${mode === 'emulator' ? 'Gemini webhooks' : 'Webhook queue'}</title>
<link rel="icon" type="image/svg+xml" href="${base}/inspector.svg">
<link rel="stylesheet" href="${base}/inspector.css">
<script type="module" src="${base}/inspector.js"></script>
</head>
<body>
<div id="app"></div>
<noscript><p>This page needs JavaScript. The same data is at <code>/_gwh/</code> and in the gwh command.</p></noscript>
</body>
</html>
`
}

/** What a repository shows whose page was not built; a package from npm has it. */
export function unbuiltHtml(): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The page is not built</title>
<h1>The page is not built</h1>
<p>Run <code>npx pnpm@12 install</code> and <code>npx pnpm@12 build</code> in the repository, start again, and reload.</p>
</html>
`
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}

/** The icon: a hook with a dot. */
export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1d4ed8"/><path d="M11 7v9a5.5 5.5 0 0 0 11 0v-1" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/><circle cx="22" cy="10" r="2.5" fill="#fff"/></svg>'
