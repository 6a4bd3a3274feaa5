/**
 * What an adapter for another server or framework is built from.
 *
 * @module
 */

export { createDrainHandler, type DrainHandlerOptions } from './lib/adapter/drain-handler.ts'
export { createFetchHandler, type FetchHandler, type MountOptions } from './lib/adapter/fetch-handler.ts'
export { answerNodeRequest, refuseNodeRequest } from './lib/adapter/node-request.ts'
export {
  type Listening,
  type RunningServer,
  type ServeOptions,
  type ServerRuntime,
  serveOn,
} from './lib/adapter/serving.ts'
export { responseFor } from './lib/http/answer.ts'
export type { NodeRequestLike, NodeResponseLike } from './lib/http/node-types.ts'
export { checkMountOptions, pathOf } from './lib/http/path.ts'
export { checkNames } from './lib/shared/options.ts'
