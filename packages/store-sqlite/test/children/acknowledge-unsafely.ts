// Like acknowledge.ts, but on a connection that does not sync before it commits, which the tests must detect.
import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const [path = '', count = ''] = process.argv.slice(2)
const database = new DatabaseSync(path)
database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE deliveries (key TEXT)`)
const insert = database.prepare('INSERT INTO deliveries VALUES (?)')

for (let sent = 0; sent < Number(count); sent++) {
  insert.run(`default:${sent}`)
  writeSync(1, `ack default:${sent}\n`)
}
database.close()
