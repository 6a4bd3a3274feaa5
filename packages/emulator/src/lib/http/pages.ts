import { orderOf } from '../storage/order.ts'
import { RequestFault } from './faults.ts'

/** Which part of a list is asked for. */
export interface PageRequest {
  readonly size: string | undefined
  readonly token: string | undefined
}

/** How many entries a page has. */
export interface PageSizes {
  readonly defaultSize: number
  readonly maxSize: number
}

/** Ends a page early, after its first entry, where its entries would be too much together. */
export interface PageLoad<Item> {
  readonly of: (item: Item) => number
  readonly max: number
}

const SIZES: PageSizes = { defaultSize: 50, maxSize: 1000 }

/**
 * Cuts one page out of stored records. The token names the last entry seen and its place, which stays when that entry
 * is deleted.
 *
 * @throws RequestFault when the token or the size is invalid
 */
export function toPage<Item extends { readonly id: string }>(
  items: Iterable<Item>,
  request: PageRequest,
  sizes = SIZES,
  load?: PageLoad<Item>,
): { items: Item[]; nextToken?: string } {
  const all = [...items].sort((one, other) => orderOf(one) - orderOf(other))
  const seen = request.token === undefined ? 0 : readToken(request.token, all)
  const size = readSize(request.size, sizes)
  const left = all.filter((item) => orderOf(item) > seen)
  const page = left.slice(0, load === undefined ? size : Math.min(size, countFitting(left, load)))
  return page.length < left.length ? { items: page, nextToken: toToken(page.at(-1)!) } : { items: page }
}

function countFitting<Item>(items: readonly Item[], { of, max }: PageLoad<Item>): number {
  let sum = 0
  const tooMany = items.findIndex((item) => {
    sum += of(item)
    return sum > max
  })
  return tooMany === -1 ? items.length : Math.max(tooMany, 1)
}

function toToken(item: { readonly id: string }): string {
  return `${orderOf(item)}.${item.id}`
}

/** Reads the place after which to go on. */
function readToken(token: string, items: readonly { readonly id: string }[]): number {
  const [, number, id] = /^(\d{1,15})\.(.+)$/.exec(token) ?? []
  if (number === undefined) throw new RequestFault('invalid_request', 'The page token is invalid.')
  const known = items.find((item) => item.id === id)
  // A restart may give an entry an earlier place; a later one belongs to a new entry of the same name.
  return known === undefined ? Number(number) : Math.min(Number(number), orderOf(known))
}

function readSize(text: string | undefined, { defaultSize, maxSize }: PageSizes): number {
  // Zero stands for the default (https://google.aip.dev/158).
  if (text === undefined || text === '0') return defaultSize
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new RequestFault('invalid_request', 'The page size is invalid.')
  return Math.min(Number(text), maxSize)
}
