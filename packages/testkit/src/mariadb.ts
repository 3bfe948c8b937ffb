import { type MysqlOptions, type MysqlServer, startMysqlServer, whyNoMysqlServer } from './mysql/server.ts'

export type { MysqlOptions, MysqlServer }

/** Why {@link startMariadb} cannot work here; undefined when it can. */
export async function whyNoMariadb(version?: string): Promise<string | undefined> {
  return await whyNoMysqlServer('mariadb', version)
}

/** About 0.5 s, and 2 s more for the first one on a machine. Its binary log is off, as it is by default. */
export async function startMariadb(options: MysqlOptions = {}): Promise<MysqlServer> {
  return await startMysqlServer('mariadb', options)
}
