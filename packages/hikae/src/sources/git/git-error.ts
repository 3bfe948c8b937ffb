import { errorMessage, ProgramError, systemCode } from '../../errors.ts'
import { ProgramFailedError } from '../../process/program-failed-error.ts'

/** Git, or a server, did not do what it was asked. */
export class GitError extends ProgramError {
  override readonly name = 'GitError'
  readonly code = 'GIT'
  override readonly transient: boolean

  constructor(message: string, options: { hint: string; cause?: unknown; transient?: boolean }) {
    super(message, options)
    this.transient = options.transient ?? false
  }
}

interface Trouble {
  readonly sign: RegExp
  readonly what: string
  readonly hint: string
  readonly transient?: boolean
}

const TROUBLES: readonly Trouble[] = [
  {
    sign: /No space left on device|Disk quota exceeded|unable to write file|write error/i,
    what: 'the disk is full',
    hint: 'make room on the disk of the state folder: a mirror of the repository is kept there',
  },
  {
    sign: /Host key verification failed/,
    what: 'the host key of the server is not known, or is another than before',
    hint: 'compare the key of the server, then connect to it once with ssh as the user that runs hikae',
  },
  {
    sign: /Authentication failed|could not read (?:Username|Password)|Permission denied \(|error: 40[13]\b|HTTP Basic: Access denied/i,
    what: 'the server refuses these credentials',
    hint: 'renew the token or key, and see that it may read this repository',
  },
  {
    sign: /Operation too slow|timed out|Timeout/i,
    what: 'the server stopped answering',
    hint: 'try again; if it stays so, see whether `git ls-remote` gets an answer from this machine',
    transient: true,
  },
  {
    sign: /Could not resolve host|Failed to connect|Couldn't connect|Connection (?:refused|reset|closed)|Network is unreachable|No route to host|error: 5\d\d\b/i,
    what: 'the server cannot be reached',
    hint: 'look at the address and the network; the next run tries again',
    transient: true,
  },
  {
    sign: /[Rr]epository .*not found|does not appear to be a git repository|not a git repository|error: 404\b|does not exist/,
    what: 'there is no such repository, or these credentials must not see it',
    hint: 'look at the address, and whether the token or key may read the repository',
  },
  {
    sign: /early EOF|unexpected disconnect|RPC failed|hung up unexpectedly/,
    what: 'the connection broke',
    hint: 'try again; if it stays so, the server says why in its log',
    transient: true,
  },
]

/** The same for what this program writes itself, into the state folder or where it restores to. */
export function explained(error: unknown): unknown {
  if (!['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '')) return error
  return new GitError(`the disk is full: ${errorMessage(error)}`, { hint: TROUBLES[0]!.hint, cause: error })
}

/**
 * What git's complaint means.
 *
 * @param task what was being done, on what: `fetch https://host/app.git`
 * @param hidden secrets that a server may have repeated
 */
export function gitFailure(task: string, error: unknown, hidden: readonly string[] = []): unknown {
  if (!(error instanceof ProgramFailedError)) return error
  if (error.message.includes('there is no such program')) {
    return new GitError(`cannot ${task}: git is not installed`, {
      hint: 'install git, for instance with `apt-get install git`, so that it is on PATH',
      cause: error,
    })
  }
  const words = hidden.reduce((text, secret) => text.replaceAll(secret, '***'), errorMessage(error))
  const trouble = TROUBLES.find(({ sign }) => sign.test(words))
  return new GitError(`cannot ${task}: ${trouble ? `${trouble.what} (${words})` : words}`, {
    hint: trouble?.hint ?? 'run the same with git by hand to see more',
    transient: trouble?.transient ?? false,
  })
}
