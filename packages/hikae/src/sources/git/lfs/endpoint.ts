import { z } from 'zod'
import { runProgram } from '../../../process/program.ts'
import { originOf, sshParts } from '../address.ts'
import { gitFailure } from '../git-error.ts'
import { quoted, type Remote } from '../remote.ts'

/** Where a server's Git LFS is asked, and with which headers. */
export interface LfsEndpoint {
  /** Without a slash at the end. */
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
}

const answerSchema = z.object({
  href: z.url({ protocol: /^https?$/ }),
  header: z.record(z.string(), z.string()).optional(),
})

/**
 * @param configured what the repository itself says, in `.lfsconfig`; another server is not given the source's token
 * @throws {GitError} a server behind ssh does not tell
 */
export async function lfsEndpoint(
  remote: Remote,
  operation: 'download' | 'upload',
  signal: AbortSignal,
  configured?: string,
): Promise<LfsEndpoint> {
  const told = configured !== undefined && originOf(configured) !== undefined ? configured : undefined
  if (told === undefined && remote.ssh !== undefined) return await askOverSsh(remote, remote.ssh, operation, signal)
  const address = (told ?? derived(remote.address)).replace(/\/+$/, '')
  return { address, headers: loginHeaders(remote, address) }
}

function derived(address: string): string {
  const plain = address.replace(/\/+$/, '')
  return `${plain.endsWith('.git') ? plain : `${plain}.git`}/info/lfs`
}

function loginHeaders({ login }: Remote, address: string): Record<string, string> {
  if (login === undefined || originOf(address) !== login.origin) return {}
  return { Authorization: `Basic ${Buffer.from(`${login.username}:${login.token}`).toString('base64')}` }
}

/** The server gives an address and a token that lasts for minutes. */
async function askOverSsh(remote: Remote, ssh: string, operation: string, signal: AbortSignal): Promise<LfsEndpoint> {
  const { host, port, path } = sshParts(remote.address)
  const target = [...(port === undefined ? [] : ['-p', port]), '--', host]
  const request = `git-lfs-authenticate ${quoted(path)} ${operation}`
  try {
    const printed = await runProgram(['sh', '-c', `${ssh} "$@"`, 'ssh', ...target, request], {
      env: remote.env,
      signal,
    })
    const { href, header = {} } = answerSchema.parse(JSON.parse(printed))
    return { address: href.replace(/\/+$/, ''), headers: header }
  } catch (error) {
    throw gitFailure(`ask ${remote.address} for Git LFS`, error)
  }
}
