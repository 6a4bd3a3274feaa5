import { fileURLToPath } from 'node:url'

export default {
  // The workspace, which holds the packages this app is built from.
  turbopack: { root: fileURLToPath(new URL('../../../..', import.meta.url)) },
}
