import { readFile } from 'node:fs/promises'
import { isRoot } from './requirements.ts'

/** Whom a server runs as. */
export interface ServiceUser {
  readonly uid: number
  readonly gid: number
  /** What comes before the server's program and its arguments. */
  readonly command: readonly string[]
}

/**
 * The user that Debian's package of a server has made, or whoever runs the tests when that is not root: some servers
 * refuse to run as root.
 */
export async function serviceUser(name: string): Promise<ServiceUser> {
  if (!isRoot()) return { uid: process.getuid!(), gid: process.getgid!(), command: [] }
  const [uid, gid] = await idsOf(name)
  if (uid === undefined) throw new Error(`there is no user ${name}: ${await whyNoServiceUser(name)}`)
  // What is set before a change of user is forgotten by the kernel, so that the end of the tests has to be tied to it again.
  const command = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--pdeathsig', 'KILL', '--']
  return { uid, gid: gid!, command }
}

/** Why {@link serviceUser} cannot work here; undefined when it can. */
export async function whyNoServiceUser(name: string): Promise<string | undefined> {
  if (!isRoot()) return undefined
  return (await idsOf(name)).length > 0 ? undefined : `there is no user '${name}', which Debian's package would make`
}

async function idsOf(name: string): Promise<number[]> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n')
  const line = lines.find((line) => line.startsWith(`${name}:`))
  return line === undefined ? [] : line.split(':').slice(2, 4).map(Number)
}
