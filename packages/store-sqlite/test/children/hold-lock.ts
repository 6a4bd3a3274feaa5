// Holds the write lock of a database until it is killed.
import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const database = new DatabaseSync(process.argv[2] ?? '')
database.exec('BEGIN IMMEDIATE')
writeSync(1, 'locked\n')
setInterval(() => {}, 1_000)
