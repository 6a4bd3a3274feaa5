import { packageBuild } from '../../tsup.base.ts'

export default packageBuild(
  {
    'crypto/node': 'src/lib/crypto/node.ts',
    'crypto/webcrypto': 'src/lib/crypto/webcrypto.ts',
  },
  // See rollup.config.mjs.
  { typesOnly: true },
)
