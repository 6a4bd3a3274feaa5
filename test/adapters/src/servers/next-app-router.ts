import { startNextApp } from '../next.ts'
import { listening } from '../process.ts'

listening(await startNextApp())
