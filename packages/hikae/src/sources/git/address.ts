/** `git@host:path`, as scp has it. */
const SCP = /^(?:[\w.~+-]+@)?(?:[\w.-]+|\[[\da-fA-F:.]+\]):(?!\/\/|:)[^\s-][^\s]*$/

/** @returns why git is not given this address; the address itself, which may hold a secret, is not repeated */
export function addressProblem(address: string): string | undefined {
  if (address.startsWith('-') || /[\p{Cc}\s]/u.test(address)) return 'this is no address of a repository'
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    return SCP.test(address) ? undefined : 'an address begins with https:// or ssh://, or is like git@host:path'
  }
  if (!/^(?:https?|ssh):\/\//.test(address) || !URL.canParse(address)) {
    return 'only addresses with https:// and ssh:// are used, and those like git@host:path'
  }
  const { protocol, username, password, hostname } = new URL(address)
  if (hostname === '' || hostname.startsWith('-') || username.startsWith('-')) return 'the address names no server'
  if (password !== '') return 'a password must not stand in the address: use token: { env: NAME } or { file: path }'
  if (protocol !== 'ssh:' && username !== '') {
    return 'a user name or token must not stand in the address: use username and token'
  }
  return undefined
}

/** Scheme, host and port of a web address: to this alone a token is given. */
export function originOf(address: string): string | undefined {
  return /^https?:\/\//.test(address) ? new URL(address).origin : undefined
}

/** The same address fit to be shown and stored, whoever wrote it: without user name, password and query. */
export function shownAddress(address: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(address) || !URL.canParse(address)) return address.replace(/^[^@/]*:[^@/]*@/, '')
  const url = new URL(address)
  if (url.protocol !== 'ssh:') url.username = ''
  url.password = ''
  url.search = ''
  return url.href
}

/** What ssh is told of an address: `git@host`, the port if it is another, and the path on the server. */
export function sshParts(address: string): { readonly host: string; readonly port?: string; readonly path: string } {
  if (address.startsWith('ssh://')) {
    const { username, hostname, port, pathname } = new URL(address)
    const host = username === '' ? hostname : `${decodeURIComponent(username)}@${hostname}`
    return { host: host.replaceAll(/[[\]]/g, ''), path: decodeURIComponent(pathname), ...(port === '' ? {} : { port }) }
  }
  const [, host = '', path = ''] = /^((?:[^@]+@)?(?:\[[^\]]+\]|[^:]+)):(.*)$/.exec(address) ?? []
  return { host: host.replaceAll(/[[\]]/g, ''), path }
}
