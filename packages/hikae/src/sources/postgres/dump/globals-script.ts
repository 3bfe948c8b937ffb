/** A name as pg_dumpall writes it: quoted where it has to be. */
const NAME = '("(?:[^"]|"")+"|[^\\s";]+)'
const CREATE = new RegExp(`^CREATE ROLE ${NAME};$`)
const ALTER = new RegExp(`^ALTER ROLE ${NAME} (?!IN DATABASE)`)
const MEMBER = new RegExp(`^GRANT ${NAME} TO ${NAME}[ ;]`)

/** Roles that globals.sql makes. */
export function rolesIn(globals: string): string[] {
  return globals.split('\n').flatMap((line) => {
    const name = CREATE.exec(line)?.[1]
    return name === undefined ? [] : [plain(name)]
  })
}

/**
 * What of globals.sql makes these roles, with their attributes, passwords and memberships; those that are there stay as they
 * are.
 */
export function scriptFor(roles: ReadonlySet<string>, globals: string): string {
  const lines = globals.split('\n').filter((line) => {
    const created = (CREATE.exec(line) ?? ALTER.exec(line))?.[1]
    if (created !== undefined) return roles.has(plain(created)) && line.endsWith(';')
    const member = MEMBER.exec(line)?.[2]
    return member !== undefined && roles.has(plain(member))
  })
  // Who has granted it may be somebody else there.
  return lines.map((line) => `${line.replace(/ GRANTED BY .*;$/, ';')}\n`).join('')
}

function plain(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
