import { startProgram, type RunningProgram } from '../../process/program.ts'
import type { GitEnvironment } from './git-environment.ts'
import { gitFailure } from './git-error.ts'

export interface GitCall {
  /** Git directory of the repository; none for what needs none. */
  readonly repository?: string
  readonly env: GitEnvironment
  readonly signal: AbortSignal
  /** For messages: `fetch https://host/app.git`. */
  readonly task: string
  readonly stdin?: AsyncIterable<Uint8Array>
  /** Secrets that a server may repeat in its answer. */
  readonly hidden?: readonly string[]
  readonly onComplaint?: (line: string) => void
}

/**
 * Runs git to its end.
 *
 * @returns what it printed as latin1, one character per byte: names of refs may be in any encoding
 * @throws {GitError}
 */
export async function runGit(args: readonly string[], call: GitCall): Promise<string> {
  await using running = startGit(args, call)
  const parts: Uint8Array[] = []
  for await (const part of running.stdout) parts.push(part)
  await running.succeeded()
  return Buffer.concat(parts).toString('latin1')
}

/** Starts git; its failure is explained. */
export function startGit(args: readonly string[], call: GitCall): RunningProgram {
  const { repository, env, signal, task, stdin, hidden, onComplaint } = call
  const place = repository === undefined ? [] : ['--git-dir', repository]
  const running = startProgram(['git', ...place, ...args], {
    env,
    signal,
    ...(repository === undefined ? {} : { cwd: repository }),
    ...(stdin ? { stdin } : {}),
    ...(onComplaint ? { onComplaint } : {}),
  })
  return {
    stdout: running.stdout,
    async succeeded() {
      try {
        await running.succeeded()
      } catch (error) {
        throw gitFailure(task, error, hidden)
      }
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

/** Text for a program's standard input, byte by byte as latin1 has it. */
// oxlint-disable-next-line require-await -- it has to be an asynchronous iterable
export async function* inputOf(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(text, 'latin1')
}

/** The lines that a program prints, as latin1; a last one without an end counts too. */
export async function* linesOf(output: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const part of output) {
    const lines = `${rest}${Buffer.from(part).toString('latin1')}`.split('\n')
    rest = lines.pop()!
    yield* lines
  }
  if (rest !== '') yield rest
}
