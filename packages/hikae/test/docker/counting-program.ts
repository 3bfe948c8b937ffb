import { renameSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'

// Counts without a pause, in a file and in a database: both always show the same, but for the moment between the two. Told
// to end, it ends between two counts.
const [file = '', path = ''] = process.argv.slice(2)
const database = new DatabaseSync(path, { timeout: 60_000 })
database.exec('pragma synchronous = off; create table if not exists counter (value integer)')
if (!database.prepare('select value from counter').get()) database.exec('insert into counter values (0)')
const put = database.prepare('update counter set value = ?')
const last = database.prepare('select value from counter').get() as { value: number }

const end = new AbortController()
process.on('SIGTERM', () => end.abort())
for (let count = last.value + 1; !end.signal.aborted; count++) {
  writeFileSync(`${file}.new`, String(count))
  renameSync(`${file}.new`, file)
  put.run(count)
  await turn()
}
process.exit(0)
