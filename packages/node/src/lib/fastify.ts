import type { Receiver, ReceiverWorkOptions } from '@gwh/core'
import { answerNodeRequest, checkMountOptions, checkNames } from '@gwh/core/adapter'
import type { FastifyPluginAsync } from 'fastify'

/** How a receiver is mounted on Fastify. */
export interface GwhFastifyOptions {
  /** The receiver that answers the route. */
  receiver: Receiver
  /** The path of the route, below the plugin's `prefix`. Default `/`. */
  path?: string
  /** Queue mode: also handle queued deliveries, from when the app is ready until it closes. Default `false`. */
  work?: boolean | ReceiverWorkOptions
}

// `prefix` and the like are Fastify's own options, which it passes to the plugin with the rest.
const NAMES = ['receiver', 'path', 'work', 'prefix', 'logLevel', 'logSerializers']

/**
 * Mounts a receiver as a route of Fastify. The receiver reads the body itself, within its own limits; other routes
 * keep their parsers. Closing the app closes the receiver, and with it its queue or store.
 *
 * @throws WebhookConfigError `option_invalid`, when the plugin is loaded; `store_volatile`, from `app.ready` and
 * `app.listen`, when the queue's backend would lose acknowledged deliveries
 * @example
 * ```ts
 * await app.register(gwhFastify, { receiver, path: '/webhooks/gemini', work: true })
 * ```
 */
export const gwhFastify: FastifyPluginAsync<GwhFastifyOptions> = async (app, options) => {
  const { receiver, path = '/', work } = options
  checkNames(options, NAMES, 'gwhFastify')
  checkMountOptions({ path }, 'gwhFastify')
  // A plugin has its own parsers. This one leaves the stream alone, whatever the content type.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.route({
    method: app.supportedMethods,
    url: path,
    exposeHeadRoute: false,
    async handler(request, reply) {
      reply.hijack()
      await answerNodeRequest(receiver, request.raw, reply.raw)
    },
  })
  app.addHook('onReady', () => receiver.ready())
  if (work) {
    app.addHook('onReady', async () => {
      receiver.work(work === true ? {} : work)
    })
  }
  app.addHook('onClose', async () => await receiver.close())
}
