import { join } from 'node:path'
import { CACHE } from '../made-once.ts'
import { isExecutable } from '../requirements.ts'

export type MysqlKind = 'mariadb' | 'mysql'

export interface MysqlPrograms {
  readonly kind: MysqlKind
  /** `/usr`, or where a fetched server believes that to be. */
  readonly base: string
  readonly server: string
  readonly client: string
}

/** @param version as `script/fetch-program` has it after the kind; what is installed when absent */
export async function mysqlPrograms(kind: MysqlKind, version?: string): Promise<MysqlPrograms | undefined> {
  const base = version === undefined ? '/usr' : join(CACHE, `${kind}-${version}`, 'usr')
  const server = join(base, 'sbin', kind === 'mariadb' ? 'mariadbd' : 'mysqld')
  const client = join(base, 'bin', kind)
  return (await isExecutable(server)) && (await isExecutable(client)) ? { kind, base, server, client } : undefined
}
