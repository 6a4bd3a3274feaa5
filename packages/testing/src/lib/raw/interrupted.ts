import { join, type RawCase, refused } from './raw-case.ts'

const PLACES = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99]

/** Good requests whose end never arrives. */
export const INTERRUPTED: readonly RawCase[] = [
  ...PLACES.flatMap((place) => [
    refused(`a request that ends after ${percent(place)}`, (parts) => cut(join(parts), place), 'finish'),
    refused(
      `a sender that disconnects after ${percent(place)}`,
      (parts) => cut(join(parts), place),
      'vanish',
    ),
  ]),
  refused('a connection on which nothing is sent', () => '', 'finish'),
  refused('a connection dropped before a byte was sent', () => '', 'vanish'),
  refused(
    'headers without the empty line after them',
    ({ line, headers }) => `${[line, ...headers].join('\r\n')}\r\n`,
    'finish',
  ),
  refused('headers without their body', (parts) => join({ ...parts, body: '' }), 'finish'),
  refused('a body that stops before its end', (parts) => join(parts).slice(0, -1)),
]

function cut(text: string, place: number): string {
  return text.slice(0, Math.floor(text.length * place))
}

function percent(place: number): string {
  return `${Math.round(place * 100)} %`
}
