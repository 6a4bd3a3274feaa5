export { responseFor } from './lib/answer.ts'
export { createFetchHandler, type FetchHandler, type MountOptions } from './lib/fetch-handler.ts'
export { answerNodeRequest, refuseNodeRequest } from './lib/node-request.ts'
export type { NodeRequestLike, NodeResponseLike } from './lib/node-types.ts'
export { checkNames } from './lib/options.ts'
export { checkMountOptions, pathOf } from './lib/path.ts'
export {
  type Listening,
  type RunningServer,
  type ServeOptions,
  type ServerRuntime,
  serveOn,
} from './lib/serving.ts'
export { createSweepHandler, type SweepOptions } from './lib/sweep-handler.ts'
