// Holds the write lock of a database until it is killed.

import { DatabaseSync } from 'node:sqlite'
import { printLine } from './print-line.ts'

const database = new DatabaseSync(process.argv[2] ?? '')
database.exec('BEGIN IMMEDIATE')
printLine('locked')
setInterval(() => {}, 1_000)
