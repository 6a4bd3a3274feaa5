// Makes a database that has no write-ahead log yet, locks it so that nobody can read it, and releases it after a while.
import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const [path = '', ms = '0'] = process.argv.slice(2)
const database = new DatabaseSync(path)
database.exec('CREATE TABLE mine (x); BEGIN EXCLUSIVE')
writeSync(1, 'locked\n')
setTimeout(() => {
  database.exec('COMMIT')
  database.close()
}, Number(ms))
