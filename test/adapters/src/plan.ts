import type { Runtime } from '@gwh-test/support/runtimes'
import type { Server } from './matrix.ts'

/** Which run: `npm test`, or what `test:all` adds to it. */
export type Scope = 'quick' | 'added'

/** The part of the contract that one run examines on one row, by mode. */
export interface Plan {
  /** Whether the canary runs: a receiver that accepts everything, which the contract must notice. */
  canary: boolean
  inline(title: string): boolean
  queue(title: string): boolean
}

// Frameworks route by the target, so the cases about targets and methods can differ between adapters on one parser.
const ROUTING = /^raw: (target|method|OPTIONS|CONNECT)/
// What a receiver does differently when handlers run before the answer.
const INLINE = /handler|in flight|copies of a delivery|a good delivery|sent again/

/** Splits the contract between the two runs: each case in each mode belongs to exactly one of them. */
export function planFor(scope: Scope, server: Server, runtime: Runtime): Plan {
  const wholeCorpus = server.corpusOn?.includes(runtime) ?? false
  const quick = {
    inline: (title: string) => INLINE.test(title),
    queue: (title: string) => wholeCorpus || !title.startsWith('raw: ') || ROUTING.test(title),
  }
  if (scope === 'quick') return { canary: true, ...quick }
  return {
    canary: false,
    inline: (title) => !quick.inline(title),
    queue: (title) => !quick.queue(title),
  }
}

/** The HTTP stacks on which no row examines the whole corpus: there must be none. */
export function stacksWithoutCorpus(servers: readonly Server[]): string[] {
  const stacks = (runtimesOf: (server: Server) => readonly Runtime[]) =>
    servers.flatMap((server) => runtimesOf(server).map((runtime) => `${server.http} on ${runtime}`))
  const covered = new Set(stacks(({ corpusOn = [] }) => corpusOn))
  return [...new Set(stacks(({ on }) => on))].filter((stack) => !covered.has(stack))
}
