// workers.ts
import { receiver } from './receiver.ts'

export default { fetch: receiver.fetch }
