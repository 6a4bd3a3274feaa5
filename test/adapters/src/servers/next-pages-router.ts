import { startNextApp } from '../next.ts'
import { listening } from '../process.ts'
import { PATH } from '../subject.ts'

listening(await startNextApp(), `/api${PATH}`)
