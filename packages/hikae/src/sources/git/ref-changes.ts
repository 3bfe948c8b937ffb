import type { GitEnvironment } from './git-environment.ts'
import type { Mirror } from './mirror.ts'
import { shownRef } from './ref-list.ts'
import { inputOf, linesOf, startGit } from './run-git.ts'

/** Names in one line of the log. */
const SHOWN = 20

/**
 * What the remote has lost since the last run: refs that are gone, and branches whose old commits are in no ref any more.
 * Older snapshots have them.
 */
export async function describeLosses(
  { path, list, previous }: Mirror,
  work: { readonly env: GitEnvironment; readonly signal: AbortSignal },
): Promise<string[]> {
  if (previous === undefined) return []
  const gone = [...previous.refs.keys()].filter((name) => !list.refs.has(name))
  const moved = [...previous.refs].filter(([name, object]) => list.refs.has(name) && list.refs.get(name) !== object)
  const dropped = await unreachable(path, [...new Set(moved.map(([, object]) => object))], work)
  const rewritten = moved.filter(([, object]) => dropped.has(object)).map(([name]) => name)
  return [
    ...describe('gone from the remote since the last run', gone),
    ...describe('rewritten on the remote since the last run', rewritten),
  ].map((line) => `${line}; older snapshots hold what they were`)
}

/** Those of the objects that no ref reaches. */
async function unreachable(
  repository: string,
  objects: readonly string[],
  work: { readonly env: GitEnvironment; readonly signal: AbortSignal },
): Promise<Set<string>> {
  const found = new Set<string>()
  if (objects.length === 0) return found
  await using git = startGit(['rev-list', '--objects', '--no-object-names', '--stdin', '--not', '--all'], {
    ...work,
    repository,
    task: 'compare refs with those of the last run',
    stdin: inputOf(`${objects.join('\n')}\n`),
  })
  const wanted = new Set(objects)
  for await (const line of linesOf(git.stdout)) if (wanted.has(line)) found.add(line)
  await git.succeeded()
  return found
}

function describe(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return []
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : ''
  return [`${what}: ${names.slice(0, SHOWN).map(shownRef).join(', ')}${more}`]
}
