// Makes a database that has no write-ahead log yet, locks it so that nobody can read it, and releases it after a while.

import { DatabaseSync } from 'node:sqlite'
import { printLine } from './print-line.ts'

const [path = '', ms = '0'] = process.argv.slice(2)
const database = new DatabaseSync(path)
database.exec('CREATE TABLE mine (x); BEGIN EXCLUSIVE')
printLine('locked')
setTimeout(() => {
  database.exec('COMMIT')
  database.close()
}, Number(ms))
