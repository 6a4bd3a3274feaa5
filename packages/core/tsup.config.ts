import { packageBuild } from '../../tsup.base.ts'

export default packageBuild({
  'primitives/node': 'src/lib/primitives/node.ts',
  'primitives/webcrypto': 'src/lib/primitives/webcrypto.ts',
})
