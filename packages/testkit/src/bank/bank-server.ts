import type { RedisCommandOptions } from '../redis/redis-cli.ts'

/** What the bank needs of a server: one that the tests have started, on this machine or in a container. */
export type BankServer = SqlBankServer | RedisBankServer

export interface SqlBankServer {
  readonly kind: 'postgres' | 'mariadb' | 'mysql'
  query(sql: string, options?: { database?: string }): Promise<string>
}

export interface RedisBankServer {
  readonly kind: 'redis'
  command(args: readonly string[], options?: RedisCommandOptions): Promise<string>
}

/** Which database of the server the bank is in. */
export interface BankPlace {
  /** Of PostgreSQL, MariaDB or MySQL; `bank` by default. */
  readonly database?: string
  /** Of Redis; 0 by default. */
  readonly number?: number
}

/** What is redundant on purpose: a mixture of two moments does not agree with itself. */
export interface BankState {
  readonly accounts: number
  /** Sum of all balances; no transfer changes it. */
  readonly total: number
  /** As the ledger has them. */
  readonly transfers: number
  /** As the accounts have counted them. */
  readonly transfersCounted: number
  /** Accounts whose balance or counters are not those of the ledger. */
  readonly badAccounts: number
}

/** What an account begins with. */
export const OPENING_BALANCE = 1000
