import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { CommandContext } from '../context.ts'
import { errorMessage, InputError, systemCode } from '../../errors.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import type { StreamInput } from './stream-input.ts'

/** How long a program that is told to stop may take before it is killed. */
const PATIENCE_MS = 5000

/**
 * What a program prints. The end of its output is no success: when the program fails, the stream throws, and no snapshot
 * is made. Arguments are not repeated in messages, because they may hold secrets.
 */
export function commandInput(args: readonly string[], { out }: CommandContext): StreamInput {
  const [program = '', ...rest] = args
  return {
    description: `the output of ${program}`,
    async *open(signal) {
      signal.throwIfAborted()
      // A process group of its own: what the program has started is to end with it.
      const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
      const ended = endOf(child)
      const complaints = forwardLines(child.stderr, program, out)
      const stop = (): void => stopChild(child)
      signal.addEventListener('abort', stop, { once: true })
      try {
        yield* child.stdout as AsyncIterable<Uint8Array>
        const verdict = await ended
        signal.throwIfAborted()
        if (verdict.kind !== 'exited' || verdict.code !== 0) throw failure(program, verdict)
      } finally {
        signal.removeEventListener('abort', stop)
        stopChild(child)
        await ended
        complaints.close()
      }
    },
  }
}

type Verdict =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals | null }
  | { readonly kind: 'not-started'; readonly error: Error }

async function endOf(child: ChildProcess): Promise<Verdict> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'not-started', error }))
    child.once('close', (code, signal) => {
      resolve(code === null ? { kind: 'killed', signal } : { kind: 'exited', code })
    })
  })
}

function stopChild(child: ChildProcess): void {
  const { pid } = child
  if (child.exitCode !== null || child.signalCode !== null || pid === undefined) return
  signalGroup(pid, 'SIGTERM')
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), PATIENCE_MS)
  child.once('close', () => clearTimeout(timer))
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error
  }
}

function forwardLines(stream: Readable, program: string, out: Output) {
  const lines = createInterface({ input: stream })
  lines.on('line', (line) => {
    out.problem(`${program}: ${printableText(line)}`, { message_type: 'command_output', program, line })
  })
  return lines
}

function failure(program: string, verdict: Verdict): InputError {
  switch (verdict.kind) {
    case 'exited':
      return new InputError(`${program} failed with exit status ${verdict.code}; no snapshot was made`, {
        hint: `see what ${program} said above, and run the same command by hand`,
      })
    case 'killed':
      return new InputError(`${program} was ended by ${verdict.signal ?? 'a signal'}; no snapshot was made`, {
        hint: 'find out who ended it, for instance a lack of memory, and run the backup again',
      })
    case 'not-started':
      return new InputError(`cannot run ${program}: ${startProblem(verdict.error)}`, {
        hint: 'write the command after -- as you would in a shell, or with its full path',
        cause: verdict.error,
      })
  }
}

function startProblem(error: Error): string {
  return systemCode(error) === 'ENOENT' ? 'there is no such program' : errorMessage(error)
}
