import { z } from 'zod'
import { secretSchema } from '../../secrets/secret-schema.ts'
import { addressProblem } from './address.ts'

const fields = z.strictObject({
  url: z
    .string()
    .optional()
    .describe(
      'Address of a repository on a server: `https://…`, `ssh://…` or `git@host:path`, without a password in it. Every ref is saved: branches, tags, notes, and those of pull requests where the server shows them.',
    ),
  path: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder of a repository on this machine, bare or with working files, instead of `url`. Saved are all commits, refs, the newest stash, LFS objects, and its own settings (`config`, `description`, `info`, hooks). Files that are not committed are not: a source of the kind `files` saves them.',
    ),
  username: z
    .string()
    .regex(/^[^\p{Cc}:]+$/u, { error: 'a user name has no colon and no control characters' })
    .optional()
    .describe(
      'User name that goes with `token`; `x-access-token` unless told otherwise, which GitHub and most others take.',
    ),
  token: secretSchema
    .optional()
    .describe(
      'Password or access token for an `https://` address; it needs to read the repository only. It is given to that server alone, and is never written to a disk or a command line.',
    ),
  sshKey: z
    .strictObject({
      file: z.string().min(1).describe('File of the private key, without a passphrase.'),
    })
    .optional()
    .describe('Key for an address over ssh; by default those that `ssh` uses by itself, also from an agent.'),
  lfs: z
    .boolean()
    .optional()
    .describe(
      'Whether the files that Git LFS keeps beside the repository are saved too. By default they are when the repository refers to any; `false` leaves them out.',
    ),
})

/** What may stand under `git:` of a source: one repository. */
export const gitConfig = fields.superRefine((given, check) => {
  const problem = problemOf(given)
  if (problem) check.addIssue({ code: 'custom', ...problem })
})

export type GitConfig = z.output<typeof fields>

function problemOf(given: GitConfig): { message: string; path?: string[] } | undefined {
  const { url, path, token, sshKey, username } = given
  if ((url === undefined) === (path === undefined)) {
    return { message: 'one of url and path says which repository is meant' }
  }
  const address = url === undefined ? undefined : addressProblem(url)
  if (address !== undefined) return { message: address, path: ['url'] }
  const isWeb = url !== undefined && /^https?:/.test(url)
  if (token !== undefined && !isWeb) return { message: 'a token is for an address with https://', path: ['token'] }
  if (username !== undefined && token === undefined) {
    return { message: 'a user name is for a token, and there is none', path: ['username'] }
  }
  if (token !== undefined && !isProtected(new URL(url!))) {
    return { message: 'a token must not go over http://, where others can read it: use https://', path: ['url'] }
  }
  if (sshKey !== undefined && (isWeb || url === undefined)) {
    return { message: 'a key is for an address with ssh:// or git@host:path', path: ['sshKey'] }
  }
  return undefined
}

/** Nobody reads along: encrypted, or within this machine. */
function isProtected({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127\.[\d.]+$/.test(hostname)
}
