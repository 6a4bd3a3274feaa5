import { serve } from '@gwh/deno'
import { startServing } from './serving.ts'

await startServing(serve)
