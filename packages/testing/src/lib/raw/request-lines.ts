import {
  accepted,
  byteName,
  CONTROLS,
  hostOf,
  type RawCase,
  type RawParts,
  refused,
  targetOf,
} from './raw-case.ts'

/** Request lines: methods, targets, versions, and what stands between them. */
export const REQUEST_LINES: readonly RawCase[] = [
  ...methods(),
  ...targets(),
  ...versions(),
  ...separators(),
  ...CONTROLS.map((code) =>
    refused(`byte ${byteName(code)} in the target`, (parts) =>
      toTarget(parts, `${targetOf(parts)}${String.fromCharCode(code)}`),
    ),
  ),
]

function methods(): RawCase[] {
  const junk = [
    'post',
    'Post',
    'POSTT',
    'POS',
    'P',
    'POST/',
    '"POST"',
    'PO\0ST',
    'PO(ST',
    'P\u00d6ST',
    '_',
    'X'.repeat(5000),
  ]
  const others = ['OPTIONS', 'TRACE', 'PROPFIND', 'SUBSCRIBE', 'QUERY', 'M-SEARCH', 'BREW']
  return [
    ...[...junk, ...others].map((method) =>
      refused(`method ${shown(method)}`, ({ line }) => ({ line: line.replace('POST', method) })),
    ),
    refused('no method', ({ line }) => ({ line: line.replace('POST ', '') })),
    refused('an empty method', ({ line }) => ({ line: line.replace('POST', '') })),
    refused('CONNECT to an authority', (parts) => ({ line: `CONNECT ${hostOf(parts)} HTTP/1.1` })),
    refused('OPTIONS *', () => ({ line: 'OPTIONS * HTTP/1.1' })),
    refused('PRI * HTTP/2.0, which starts HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  ]
}

function targets(): RawCase[] {
  const wrong: Record<string, (path: string) => string> = {
    'with an extra leading slash': (path) => `/${path}`,
    'with a trailing slash': (path) => `${path}/`,
    'in upper case': (path) => path.toUpperCase(),
    'below itself': (path) => `${path}/more`,
    'with an extra letter': (path) => `${path}x`,
    'with a letter missing': (path) => path.slice(0, -1),
    'after /./': (path) => `/.${path}`,
    'after /%2e/': (path) => `/%2e${path}`,
    'after a parent segment': (path) => `/other/..${path}`,
    'after an encoded parent segment': (path) => `/other/%2e%2e${path}`,
    'after parent segments above the root': (path) => `/../..${path}`,
    'with an encoded letter': (path) => path.replace(path[1]!, `%${path.charCodeAt(1).toString(16)}`),
    'with an encoded slash': (path) => `/%2f${path.slice(1)}`,
    'with a trailing broken escape': (path) => `${path}%`,
    'with a broken escape': (path) => `${path}%zz`,
    'with a trailing %00': (path) => `${path}%00`,
    'with overlong UTF-8': (path) => `/%c0%ae${path}`,
    'with backslashes': (path) => path.replaceAll('/', '\\'),
    'with a semicolon parameter': (path) => `${path};x=1`,
    'with a fragment': (path) => `${path}#part`,
    'without its leading slash': (path) => path.slice(1),
    'of a single question mark': () => '?',
    'in the asterisk form': () => '*',
    'of 70,000 characters': (path) => `${path}/${'x'.repeat(70_000)}`,
    'with raw UTF-8': (path) => `${path}\u00c3\u00a9`,
  }
  return [
    ...Object.entries(wrong).map(([what, change]) =>
      refused(`target ${what}`, (parts) => toTarget(parts, change(targetOf(parts)))),
    ),
    refused('target missing', ({ line }) => ({ line: line.replace(/ .* /, ' ') })),
    refused('target in the authority form', (parts) => toTarget(parts, hostOf(parts))),
    refused('target in the absolute form of another scheme', (parts) =>
      toTarget(parts, `ftp://${hostOf(parts)}${targetOf(parts)}`),
    ),
    refused('target in the absolute form without a host', (parts) =>
      toTarget(parts, `http://${targetOf(parts)}`),
    ),
    accepted('target in the absolute form', (parts) =>
      toTarget(parts, `http://${hostOf(parts)}${targetOf(parts)}`),
    ),
    accepted('target with a query', (parts) => toTarget(parts, `${targetOf(parts)}?x=1&y=%00&z`)),
    accepted('target with an empty query', (parts) => toTarget(parts, `${targetOf(parts)}?`)),
    accepted('target with a query that looks like a path', (parts) =>
      toTarget(parts, `${targetOf(parts)}?/../../x?y`),
    ),
  ]
}

function versions(): RawCase[] {
  const wrong = [
    'HTTP/3.7',
    'HTTP/2.0',
    'HTTP/0.9',
    'HTTP/1',
    'HTTP/1.',
    'HTTP/1.10',
    'HTTP/01.1',
    'HTTP/1,1',
    'HTTP/',
    'http/1.1',
  ]
  const more = [
    'HTTP 1.1',
    'HTTPS/1.1',
    'ICAP/1.0',
    'RTSP/1.0',
    'HTTP/-1.1',
    'HTTP/1.1 x',
    'HTTP/\u0661.1',
    'HTTP/1.1\0',
  ]
  return [
    ...[...wrong, ...more].map((version) =>
      refused(`version ${shown(version)}`, ({ line }) => ({ line: line.replace('HTTP/1.1', version) })),
    ),
    refused(
      'HTTP/0.9, a line without a version',
      ({ line }) => `${line.replace(' HTTP/1.1', '')}\r\n`,
      'finish',
    ),
    refused('HTTP/0.9 GET', (parts) => `GET ${targetOf(parts)}\r\n`, 'finish'),
    refused('no version, with headers', ({ line }) => ({ line: line.replace(' HTTP/1.1', '') })),
    accepted('version HTTP/1.0', ({ line }) => ({ line: line.replace('HTTP/1.1', 'HTTP/1.0') })),
  ]
}

function separators(): RawCase[] {
  const wrong: Record<string, (line: string) => string> = {
    'tabs between its parts': (line) => line.replaceAll(' ', '\t'),
    'two spaces after the method': (line) => line.replace(' ', '  '),
    'two spaces before the version': (line) => line.replace(' HTTP', '  HTTP'),
    'a space in front': (line) => ` ${line}`,
    'a space in the target': (line) => line.replace(' HTTP', ' x HTTP'),
    'a CR inside': (line) => line.replace(' HTTP', '\r HTTP'),
    'a no-break space after the method': (line) => line.replace(' ', '\u00a0'),
    'a colon, like a header': (line) => `host: ${line}`,
  }
  return [
    ...Object.entries(wrong).map(([what, change]) =>
      refused(`request line with ${what}`, ({ line }) => ({ line: change(line) })),
    ),
    accepted('an empty line before the request', (parts) => ({ line: `\r\n${parts.line}` })),
  ]
}

function toTarget({ line }: RawParts, target: string): Partial<RawParts> {
  const [method, , version] = line.split(' ')
  return { line: `${method} ${target} ${version}` }
}

function shown(text: string): string {
  return text.length > 20 ? `of ${text.length} letters` : JSON.stringify(text).slice(1, -1)
}
