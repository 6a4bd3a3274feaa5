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

const SIZES: PageSizes = { defaultSize: 50, maxSize: 1000 }

/** Cuts one page out of a list that is only appended to and deleted from; the token names the last entry seen. */
export function toPage<Item extends { readonly id: string }>(
  items: Iterable<Item>,
  request: PageRequest,
  sizes = SIZES,
): { items: Item[]; nextToken?: string } {
  const all = [...items]
  const start = request.token === undefined ? 0 : all.findIndex((item) => item.id === request.token) + 1
  if (request.token !== undefined && start === 0) {
    throw new RequestFault('invalid_request', 'The page token is invalid.')
  }
  const size = readSize(request.size, sizes)
  const page = all.slice(start, start + size)
  return start + size < all.length ? { items: page, nextToken: page.at(-1)!.id } : { items: page }
}

function readSize(text: string | undefined, { defaultSize, maxSize }: PageSizes): number {
  // Zero stands for the default (https://google.aip.dev/158).
  if (text === undefined || text === '0') return defaultSize
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new RequestFault('invalid_request', 'The page size is invalid.')
  return Math.min(Number(text), maxSize)
}
