import { type MysqlOptions, type MysqlServer, startMysqlServer, whyNoMysqlServer } from './mysql/server.ts'

/** The only one that Debian has, in its unstable suite. */
const VERSION = '9.7'

/** Why {@link startMysql} cannot work here; undefined when it can. */
export async function whyNoMysql(): Promise<string | undefined> {
  return await whyNoMysqlServer('mysql', VERSION)
}

/** Oracle's MySQL. About 2 s, and 5 s more for the first one on a machine. Its binary log is on, as it is by default. */
export async function startMysql(options: Omit<MysqlOptions, 'version'> = {}): Promise<MysqlServer> {
  return await startMysqlServer('mysql', { ...options, version: VERSION })
}
