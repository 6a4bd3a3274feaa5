import { serve } from '@gwh/bun'
import { startServing } from './serving.ts'

await startServing(serve)
