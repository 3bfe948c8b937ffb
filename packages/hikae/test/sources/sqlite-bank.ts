import { mkdirSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Money moves between accounts and is never made: a mix of two moments shows in the sum. */
export const ACCOUNTS = 500
export const TOTAL = ACCOUNTS * 1000

/** Accounts on many pages, with a ledger of what was moved. */
export function makeBank(path: string, journalMode: 'wal' | 'delete'): void {
  mkdirSync(dirname(path), { recursive: true })
  using database = new DatabaseSync(path)
  database.exec(`pragma journal_mode = ${journalMode};
    create table account(id integer primary key, balance integer not null, filler blob);
    create table ledger(id integer primary key, source int, target int, amount int);
    insert into account select value, 1000, randomblob(300) from (
      with recursive ids(value) as (select 1 union all select value + 1 from ids where value < ${ACCOUNTS}) select value from ids
    )`)
}

export function transfer(database: DatabaseSync, source: number, target: number, amount: number): void {
  database.exec(`begin immediate;
    update account set balance = balance - ${amount} where id = ${source};
    update account set balance = balance + ${amount} where id = ${target};
    insert into ledger(source, target, amount) values (${source}, ${target}, ${amount});
    commit`)
}

export interface Audit {
  readonly total: number
  readonly transfers: number
  /** Accounts whose balance is not what the ledger makes it. */
  readonly wrongAccounts: number
  readonly integrity: string
}

/** The same bank after a program was killed: so many transfers are in its log only. */
export async function crashWithLog(bank: string, workshop: string, transfers: number): Promise<void> {
  await mkdir(workshop, { recursive: true })
  const copy = join(workshop, 'bank.db')
  await cp(bank, copy)
  using database = new DatabaseSync(copy)
  for (let count = 0; count < transfers; count++) transfer(database, 1, 2, 5)
  for (const end of ['', '-wal', '-shm']) await cp(`${copy}${end}`, `${bank}${end}`)
}

/** What a bank that nobody uses says of itself. */
export function audit(path: string): Audit {
  using database = new DatabaseSync(path, { timeout: 30_000 })
  const number = (sql: string): number => Number(Object.values(database.prepare(sql).get()!)[0])
  return {
    total: number('select sum(balance) from account'),
    transfers: number('select count(*) from ledger'),
    wrongAccounts: number(`with moved(id, amount) as materialized (
        select id, sum(amount) from (
          select source as id, -amount as amount from ledger union all select target, amount from ledger
        ) group by id)
      select count(*) from account left join moved using (id) where balance <> 1000 + coalesce(amount, 0)`),
    integrity: String(Object.values(database.prepare('pragma integrity_check').get()!)[0]),
  }
}
