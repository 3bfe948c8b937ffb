import type { Mysql } from '../server/open-mysql.ts'

export interface SavedUsers {
  /** Statements that make them, with the hashes of their passwords. */
  readonly sql: string
  readonly count: number
}

type Account = { readonly user: string; readonly host: string; readonly role: string }

const OWN: ReadonlySet<string> = new Set(['mysql.sys', 'mysql.session', 'mysql.infoschema', 'mariadb.sys'])

/** @throws {MysqlError} we may not read them */
export async function readUsers(mysql: Mysql): Promise<SavedUsers> {
  const doing = `read the users (${mysql.server.name})`
  const isMariadb = mysql.version.product === 'mariadb'
  const accounts = (
    await mysql.ask<Account>(
      `select json_object('user', user, 'host', host, 'role', ${isMariadb ? 'is_role' : "'N'"}) from mysql.user order by user, host`,
      doing,
    )
  ).filter(({ user }) => !OWN.has(user))
  const parts: string[] = []
  // Roles first: users are given them.
  for (const account of accounts.toSorted((one, other) => other.role.localeCompare(one.role))) {
    const isRole = account.role === 'Y'
    const name = isRole ? quotedAccount(account.user) : `${quotedAccount(account.user)}@${quotedAccount(account.host)}`
    const asHex = isMariadb ? '' : 'set print_identified_with_as_hex = on; '
    const made = isRole ? [`CREATE ROLE ${name}`] : await mysql.lines(`${asHex}show create user ${name}`, doing)
    const granted = await mysql.lines(`show grants for ${name}`, doing)
    parts.push([...made, ...granted].map((line) => `${line};\n`).join(''))
  }
  return { sql: parts.join('\n'), count: accounts.length }
}

/** An account's name takes no expression; backslashes mean nothing between backticks. */
function quotedAccount(name: string): string {
  return name === '' ? "''" : `\`${name.replaceAll('`', '``')}\``
}
