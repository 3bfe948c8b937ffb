import type { GitEnvironment } from './git-environment.ts'
import { GitError } from './git-error.ts'
import { startGit } from './run-git.ts'

/** An object is not made as git makes them today: it is kept as it is, byte for byte. */
const COMPLAINT = /^(?:error|warning) in (?:blob|tree|commit|tag) [0-9a-f]+: [a-z][A-Za-z]+:/
/** What says nothing about damage. */
const REMARK = /^(?:notice: |dangling |unreachable |Checking |warning: )/
/** Of damage, in a message. */
const SHOWN = 3

/** Objects are missing, or are not what they were. */
export class DamagedRepositoryError extends GitError {}

export interface Examination {
  /** How many objects there are that today's git would not make. */
  readonly complaints: number
}

/**
 * Reads every object, compares it with its name, and follows every ref to the end.
 *
 * @param what for messages: `the mirror of https://host/app.git`
 * @throws {DamagedRepositoryError}
 */
export async function examineObjects(
  repository: string,
  what: string,
  { env, signal }: { readonly env: GitEnvironment; readonly signal: AbortSignal },
): Promise<Examination> {
  let complaints = 0
  const damage: Damage = { first: [], count: 0 }
  const sort = (line: string): void => {
    if (COMPLAINT.test(line)) complaints++
    else if (line.trim() !== '' && !REMARK.test(line)) note(line, damage)
  }
  await using fsck = startGit(['fsck', '--full', '--strict', '--no-dangling', '--no-progress'], {
    repository,
    env,
    signal,
    task: `examine ${what}`,
    onComplaint: sort,
  })
  let rest = ''
  for await (const part of fsck.stdout) {
    const lines = `${rest}${Buffer.from(part).toString()}`.split('\n')
    rest = lines.pop()!
    for (const line of lines) sort(line)
  }
  sort(rest)
  const failure = await fsck.succeeded().then(
    () => undefined,
    (error: unknown) => error,
  )
  signal.throwIfAborted()
  if (damage.count > 0) throw damaged(what, damage, failure)
  if (failure !== undefined && complaints === 0) throw failure
  return { complaints }
}

interface Damage {
  readonly first: string[]
  count: number
}

function note(line: string, damage: Damage): void {
  damage.count++
  if (damage.first.length < SHOWN) damage.first.push(line)
}

function damaged(what: string, { first, count }: Damage, cause: unknown): DamagedRepositoryError {
  const more = count > first.length ? `, and ${count - first.length} more` : ''
  return new DamagedRepositoryError(`${what} is damaged: ${first.join(', ')}${more}`, {
    hint: 'run `git fsck --full` in the repository, and fetch what is missing from a clone that has it',
    cause,
  })
}
