// The database of script/demo: accounts that move money to and fro, as SQLite in WAL mode.
//   demo-shop.ts open FILE       a new database
//   demo-shop.ts trade FILE      transfers, one transaction each, until it is ended
//   demo-shop.ts audit FILE      how many transfers there are; fails when a coin is missing or the file is damaged
import { setTimeout as pause } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'

const ACCOUNTS = 500
const COINS_EACH = 1000

const [verb, file] = process.argv.slice(2)
if (file === undefined) throw new Error('which file?')
if (verb === 'open') open(file)
else if (verb === 'trade') await trade(file)
else if (verb === 'audit') process.stdout.write(`${audit(file)}\n`)
else throw new Error(`'${verb}' is none of open, trade and audit`)

function open(path: string): void {
  using database = new DatabaseSync(path)
  database.exec(`
    pragma journal_mode = wal;
    create table accounts (id integer primary key, coins integer not null);
    create table transfers (id integer primary key, payer integer not null, payee integer not null, coins integer not null);
    with recursive numbers (id) as (select 1 union all select id + 1 from numbers where id < ${ACCOUNTS})
      insert into accounts select id, ${COINS_EACH} from numbers;
  `)
}

async function trade(path: string): Promise<void> {
  using database = new DatabaseSync(path)
  database.exec('pragma busy_timeout = 10000; pragma synchronous = off')
  const record = database.prepare('insert into transfers (payer, payee, coins) values (?, ?, ?)')
  const move = database.prepare('update accounts set coins = coins + ? where id = ?')
  for (let transfer = 0; ; transfer++) {
    const payer = 1 + ((transfer * 7) % ACCOUNTS)
    const payee = 1 + ((transfer * 13 + 1) % ACCOUNTS)
    const coins = 1 + (transfer % 9)
    database.exec('begin immediate')
    record.run(payer, payee, coins)
    move.run(-coins, payer)
    move.run(coins, payee)
    database.exec('commit')
    await pause(1)
  }
}

/** Every account has to hold what it began with and what the transfers say. */
function audit(path: string): number {
  using database = new DatabaseSync(path)
  const first = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0]
  const integrity = first('pragma integrity_check')
  if (integrity !== 'ok') throw new Error(`${path} is damaged: ${String(integrity)}`)
  const accounts = first('select count(*) from accounts')
  if (accounts !== ACCOUNTS) throw new Error(`${path} has ${String(accounts)} accounts and not ${ACCOUNTS}`)
  const wrong = first(`
    with moved (id, coins) as (select payer, -coins from transfers union all select payee, coins from transfers),
      sums (id, coins) as (select id, sum(coins) from moved group by id)
    select count(*) from accounts left join sums using (id)
      where accounts.coins <> ${COINS_EACH} + coalesce(sums.coins, 0)`)
  if (wrong !== 0) throw new Error(`${path} has ${String(wrong)} accounts with coins that no transfer explains`)
  return Number(first('select count(*) from transfers'))
}
