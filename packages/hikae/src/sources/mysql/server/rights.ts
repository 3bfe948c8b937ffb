import type { Finding } from '../../finding.ts'
import { quotedName } from '../sql/quoted.ts'
import type { Mysql } from './open-mysql.ts'
import type { MysqlProduct } from './version.ts'

const GRANT = /^GRANT (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)*`|"[^"]*")\.(\*|`(?:[^`]|``)*`|"[^"]*") TO /
/** Without any of these, servers leave things out of what they show, in silence. */
const NEEDED = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT']

/** What this user may do: a privilege with the pattern of databases, and the table, that it is for. */
interface Grant {
  readonly privileges: ReadonlySet<string>
  readonly database: string
  readonly table: string
}

/** Who we are there, what we may not see, and the statement that mends it. */
export async function rightFindings(mysql: Mysql, databases: readonly string[]): Promise<Finding[]> {
  const doing = `ask what the user may do (${mysql.server.name})`
  const [user = ''] = await mysql.lines('select current_user()', doing)
  const roles = mysql.version.product === 'mysql' ? await activeRoles(mysql, doing) : undefined
  const lines = await mysql.lines(
    `show grants${roles === undefined ? '' : ` for current_user() using ${roles}`}`,
    doing,
  )
  return missingRights(parseGrants(lines), databases, mysql.version.product).map(({ privileges, on }) => ({
    severity: 'warning',
    message: `the user ${user} may not ${privileges.join(', ')} on ${on}: what that hides is not saved, and the server does not say what it is`,
    hint: `as an administrator: GRANT ${privileges.join(', ')} ON ${on} TO ${account(user)};`,
  }))
}

async function activeRoles(mysql: Mysql, doing: string): Promise<string | undefined> {
  const [roles = 'NONE'] = await mysql.lines('select current_role()', doing)
  return roles === 'NONE' ? undefined : roles
}

export function parseGrants(lines: readonly string[]): Grant[] {
  return lines.flatMap((line) => {
    const [, privileges, database, table] = GRANT.exec(line) ?? []
    if (privileges === undefined) return []
    const list = privileges.split(',').map((privilege) => privilege.trim().toUpperCase())
    return [{ privileges: new Set(list), database: unquoted(database!), table: unquoted(table!) }]
  })
}

function missingRights(
  grants: readonly Grant[],
  databases: readonly string[],
  product: MysqlProduct,
): { readonly privileges: readonly string[]; readonly on: string }[] {
  const missing = databases.flatMap((name) => {
    const privileges = NEEDED.filter((privilege) => !grants.some((grant) => allows(grant, privilege, name)))
    return privileges.length === 0 ? [] : [{ privileges, on: `${quotedName(name)}.*` }]
  })
  const seesRoutines = grants.some((grant) =>
    product === 'mysql'
      ? grant.database === '*' &&
        ['ALL PRIVILEGES', 'SELECT', 'SHOW_ROUTINE'].some((name) => grant.privileges.has(name))
      : allows(grant, 'SELECT', 'mysql', 'proc'),
  )
  if (seesRoutines) return missing
  const routines =
    product === 'mysql' ? { privileges: ['SHOW_ROUTINE'], on: '*.*' } : { privileges: ['SELECT'], on: '`mysql`.`proc`' }
  return [...missing, routines]
}

function allows({ privileges, database, table }: Grant, privilege: string, name: string, of = '*'): boolean {
  if (!privileges.has(privilege) && !privileges.has('ALL PRIVILEGES')) return false
  return (database === '*' || isLike(name, database)) && (table === '*' || table === of)
}

/** Names of databases in grants are patterns, with % and _ for anything and one character. */
function isLike(name: string, pattern: string): boolean {
  const source = pattern.replace(/\\([%_])|([%_])|[\\^$.*+?()[\]{}|]/g, (found, literal: string, wild: string) => {
    if (literal !== undefined) return literal
    if (wild !== undefined) return wild === '%' ? '.*' : '.'
    return `\\${found}`
  })
  return new RegExp(`^${source}$`, 's').test(name)
}

function unquoted(name: string): string {
  return name === '*' ? name : name.slice(1, -1).replaceAll('``', '`')
}

/** `hikae@localhost` as a statement has it. */
function account(user: string): string {
  const at = user.lastIndexOf('@')
  return `'${user.slice(0, at)}'@'${user.slice(at + 1)}'`
}
