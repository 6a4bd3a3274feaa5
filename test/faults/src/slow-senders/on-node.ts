import { serve } from '@gwh/node'
import { startServing } from './serving.ts'

await startServing(serve)
