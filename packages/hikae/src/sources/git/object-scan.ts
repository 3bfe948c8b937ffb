import type { GitEnvironment } from './git-environment.ts'
import { GitError } from './git-error.ts'
import { type LfsObject, parsePointer, POINTER_SIZES } from './lfs/pointer.ts'
import { linesOf, startGit } from './run-git.ts'

export interface ObjectScan {
  /** Everything that the refs reach. */
  readonly objects: number
  /** What Git LFS keeps elsewhere, each once. */
  readonly lfs: readonly LfsObject[]
}

/** Counts all that refs reach, and finds the pointers of Git LFS among it. */
export async function scanObjects(
  repository: string,
  { env, signal }: { readonly env: GitEnvironment; readonly signal: AbortSignal },
): Promise<ObjectScan> {
  const call = { repository, env, signal, task: 'look through all objects' }
  let objects = 0
  await using reachable = startGit(['rev-list', '--objects', '--no-object-names', '--all'], call)
  const counted = mapLines(reachable.stdout, (line) => (objects++, line))
  await using sizes = startGit(['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'], {
    ...call,
    stdin: counted,
  })
  const candidates = mapLines(sizes.stdout, (line) => {
    const [object, type, size] = line.split(' ')
    return type === 'blob' && POINTER_SIZES.holds(Number(size)) ? object : undefined
  })
  await using contents = startGit(['cat-file', '--batch'], { ...call, stdin: candidates })
  const found = new Map<string, LfsObject>()
  for await (const content of blobsOf(contents.stdout)) {
    const pointer = parsePointer(content)
    if (pointer) found.set(pointer.oid, pointer)
  }
  await contents.succeeded()
  await sizes.succeeded()
  await reachable.succeeded()
  return { objects, lfs: [...found.values()] }
}

async function* mapLines(
  output: AsyncIterable<Uint8Array>,
  map: (line: string) => string | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let batch = ''
  for await (const line of linesOf(output)) {
    const mapped = map(line)
    if (mapped !== undefined) batch += `${mapped}\n`
    if (batch.length < 65_536) continue
    yield Buffer.from(batch, 'latin1')
    batch = ''
  }
  if (batch !== '') yield Buffer.from(batch, 'latin1')
}

/** Of `cat-file --batch`: a line with the size, the content, and the end of a line. */
async function* blobsOf(output: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let rest = Buffer.alloc(0)
  for await (const part of output) {
    rest = Buffer.concat([rest, part])
    for (;;) {
      const end = rest.indexOf(10)
      if (end === -1) break
      const header = rest.toString('latin1', 0, end)
      const size = Number(header.split(' ')[2])
      if (!Number.isSafeInteger(size)) throw unexpected(header)
      if (rest.length < end + 1 + size + 1) break
      yield rest.toString('latin1', end + 1, end + 1 + size)
      rest = rest.subarray(end + 1 + size + 1)
    }
  }
}

function unexpected(header: string): GitError {
  return new GitError(`git answers about an object with '${header}'`, {
    hint: 'run `git fsck --full` in the repository',
  })
}
