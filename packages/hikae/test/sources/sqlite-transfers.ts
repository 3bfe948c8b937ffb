import { DatabaseSync } from 'node:sqlite'
import { ACCOUNTS, transfer } from './sqlite-bank.ts'

/** Moves money without a pause until it is killed; says `moving` when it has begun. */
const [path = ''] = process.argv.slice(2)
const database = new DatabaseSync(path, { timeout: 60_000 })
// Ten thousand commits a second instead of a few hundred; other processes see the same.
database.exec('pragma synchronous = off')
const any = (): number => 1 + Math.floor(Math.random() * ACCOUNTS)

for (let count = 1; ; count++) {
  transfer(database, any(), any(), 1 + Math.floor(Math.random() * 100))
  if (count === 100) process.stdout.write('moving\n')
}
