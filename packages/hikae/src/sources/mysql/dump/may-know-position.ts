import type { Mysql } from '../server/open-mysql.ts'
import { parseGrants } from '../server/rights.ts'

const NEEDED = {
  mariadb: ['RELOAD', 'BINLOG MONITOR'],
  mysql: ['RELOAD', 'REPLICATION CLIENT'],
} as const

/** Whether the server has a binary log, and we may know where it stands: finding that out locks for a moment. */
export async function mayKnowPosition(mysql: Mysql): Promise<boolean> {
  const doing = `see whether there is a binary log (${mysql.server.name})`
  const [isOn] = await mysql.lines('select @@global.log_bin', doing)
  if (isOn !== '1') return false
  const grants = parseGrants(await mysql.lines('show grants', doing)).filter(({ database }) => database === '*')
  return NEEDED[mysql.version.product].every((privilege) =>
    grants.some(({ privileges }) => privileges.has(privilege) || privileges.has('ALL PRIVILEGES')),
  )
}
