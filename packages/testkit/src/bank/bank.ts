import { setTimeout } from 'node:timers/promises'
import {
  type BankPlace,
  type BankServer,
  type BankState,
  OPENING_BALANCE,
  type RedisBankServer,
  type SqlBankServer,
} from './bank-server.ts'
import { mysqlSeed } from './mysql-bank.ts'
import { postgresSeed } from './postgres-bank.ts'
import { REDIS_SEED, REDIS_STATE, REDIS_TRANSFERS } from './redis-bank.ts'

/**
 * Makes a bank in a database of a server, where money moves and is never made: a backup that mixes two moments does not
 * balance. A database of SQL is created for it; one of Redis is added to.
 *
 * @param options.accounts 1000 by default
 */
export async function seedBank(server: BankServer, options: BankPlace & { accounts?: number } = {}): Promise<void> {
  const { accounts = 1000 } = options
  if (server.kind === 'redis') {
    await evaluate(server, options, REDIS_SEED, `${accounts}`)
    return
  }
  const { database = 'bank' } = options
  await server.query(`create database ${quotedName(server, database)};`)
  await server.query(server.kind === 'postgres' ? postgresSeed(accounts) : mysqlSeed(accounts), { database })
}

/** Writing that goes on. Disposing of it stops it. */
export interface Transfers extends AsyncDisposable {
  /** Returns when nobody writes any more, within a second. */
  stop(): Promise<void>
}

/**
 * Moves money in the bank without pause, inside the server. Returns when the first money has moved. Whoever writes goes on
 * as applications do: after a session that was ended, and when the server is back.
 *
 * @param options.writers how many at once; 2 by default
 */
export async function startTransfers(
  server: BankServer,
  options: BankPlace & { writers?: number } = {},
): Promise<Transfers> {
  const { writers = 2 } = options
  // What is wrong from the beginning is told of; what others do to the server later is theirs to look at.
  await transferForAWhile(server, options, 0)
  const stopping = new AbortController()
  const write = async (writer: number): Promise<void> => {
    while (!stopping.signal.aborted) {
      const went = await transferForAWhile(server, options, writer).then(
        () => true,
        () => false,
      )
      if (!went) await setTimeout(50)
    }
  }
  const writing = Promise.all(Array.from({ length: writers }, (_, index) => write(index + 1)))
  const stop = async (): Promise<void> => {
    stopping.abort()
    await writing
  }
  return { stop, [Symbol.asyncDispose]: stop }
}

export async function readBank(server: BankServer, place: BankPlace = {}): Promise<BankState> {
  const numbers = server.kind === 'redis' ? await evaluate(server, place, REDIS_STATE) : await readView(server, place)
  const [accounts, total, transfers, transfersCounted, badAccounts] = numbers.split(/\s+|\|/).map(Number)
  return {
    accounts: accounts!,
    total: total!,
    transfers: transfers!,
    transfersCounted: transfersCounted!,
    badAccounts: badAccounts!,
  }
}

/** What in the bank does not agree with the rest; undefined when it balances, which an empty one does not. */
export async function bankTrouble(server: BankServer, place: BankPlace = {}): Promise<string | undefined> {
  const { accounts, total, transfers, transfersCounted, badAccounts } = await readBank(server, place)
  const expected = accounts * OPENING_BALANCE
  const troubles = [
    accounts === 0 && 'there are no accounts',
    total !== expected && `${accounts} accounts hold ${total} instead of ${expected}`,
    transfers !== transfersCounted && `the ledger has ${transfers} transfers, the accounts have ${transfersCounted}`,
    badAccounts !== 0 && `${badAccounts} accounts are not as the ledger has them`,
  ].filter((trouble) => trouble !== false)
  return troubles.length === 0 ? undefined : troubles.join('; ')
}

/** Calls that end by themselves: there is nothing left to be killed, also in a container. */
async function transferForAWhile(server: BankServer, place: BankPlace, writer: number): Promise<void> {
  if (server.kind === 'redis') {
    const { number: database = 0 } = place
    await server.command(['EVAL', REDIS_TRANSFERS, '0', `${writer}`], { database, times: 500 })
    return
  }
  const { database = 'bank' } = place
  await server.query('call transfer_for(0.3);', { database })
}

async function readView(server: SqlBankServer, { database = 'bank' }: BankPlace): Promise<string> {
  const columns = 'accounts, total, transfers, transfers_counted, bad_accounts'
  return await server.query(`select ${columns} from bank_state;`, { database })
}

async function evaluate(
  server: RedisBankServer,
  { number = 0 }: BankPlace,
  script: string,
  ...args: readonly string[]
): Promise<string> {
  return await server.command(['EVAL', script, '0', ...args], { database: number })
}

function quotedName({ kind }: SqlBankServer, name: string): string {
  const quote = kind === 'postgres' ? '"' : '`'
  return `${quote}${name.replaceAll(quote, quote + quote)}${quote}`
}
