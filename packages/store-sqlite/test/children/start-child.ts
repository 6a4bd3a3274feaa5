import { childrenOf } from '../../../../test/support/src/children.ts'

export type { Child } from '../../../../test/support/src/children.ts'

/** Starts a script of this directory in a process of its own. */
export const startChild = childrenOf(import.meta.url)
