import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage } from '../../errors.ts'
import { DockerError } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'

/** Of a program's output, in the log. */
const LONGEST_LINE = 2000
const MOST_LINES = 1000
const LOOK_MS = 50

export interface RunInContainerOptions {
  readonly timeoutMs: number
  /** Told each line that it prints. */
  readonly log: (line: string) => void
}

/**
 * Runs a program in a running container to its end. Arguments are not repeated in messages, because they may hold secrets.
 * One that takes too long goes on in there: an engine has no way to end it.
 *
 * @throws {DockerError} it could not be run, failed, or took too long
 */
export async function runInContainer(
  engine: Pick<DockerEngine, 'ask'>,
  { id, name }: { readonly id: string; readonly name: string },
  program: readonly string[],
  { timeoutMs, log }: RunInContainerOptions,
): Promise<void> {
  const what = `${program[0]} in the container ${name}`
  const until = performance.now() + timeoutMs
  const exec = await engine.ask(`run ${what}`, (api) =>
    api.getContainer(id).exec({ Cmd: [...program], AttachStdout: true, AttachStderr: true }),
  )
  const [stdout, stderr] = [new Lines(log, name), new Lines(log, name)]
  const output = await engine.ask(`run ${what}`, async (api) => {
    const stream = await exec.start({ Detach: false, Tty: false })
    api.modem.demuxStream(stream, stdout, stderr)
    return stream
  })
  const late = setTimeout(() => output.destroy(tookTooLong(what, timeoutMs)), timeoutMs)
  try {
    await finished(output, { writable: false })
  } catch (error) {
    if (error instanceof DockerError) throw error
    throw new DockerError(`nothing more was heard of ${what}: ${errorMessage(error)}`, { cause: error })
  } finally {
    clearTimeout(late)
    stdout.end()
    stderr.end()
  }
  for (;;) {
    const { Running, ExitCode } = await engine.ask(`see how ${what} ended`, () => exec.inspect())
    if (!Running && ExitCode === 0) return
    if (!Running) {
      throw new DockerError(`${what} failed with exit status ${ExitCode ?? 'unknown'}`, {
        hint: 'see in the log what it printed, and run it by hand with `docker exec`',
      })
    }
    if (performance.now() >= until) throw tookTooLong(what, timeoutMs)
    await sleep(LOOK_MS)
  }
}

function tookTooLong(what: string, timeoutMs: number): DockerError {
  return new DockerError(`${what} took longer than ${Math.round(timeoutMs / 1000)} s; it may still run`, {
    hint: 'run it by hand with `docker exec` to see what it waits for, or allow it more time',
  })
}

/** Gives what is written to it on, line by line. */
class Lines extends Writable {
  readonly #log: (line: string) => void
  readonly #name: string
  readonly #decoder = new StringDecoder()
  #open = ''
  #count = 0

  constructor(log: (line: string) => void, name: string) {
    super()
    this.#log = log
    this.#name = name
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const lines = `${this.#open}${this.#decoder.write(chunk)}`.split('\n')
    this.#open = lines.pop()!.slice(0, LONGEST_LINE)
    for (const line of lines) this.#tell(line)
    done()
  }

  override _final(done: () => void): void {
    this.#tell(this.#open)
    done()
  }

  #tell(line: string): void {
    if (line.trim() === '' || ++this.#count > MOST_LINES) return
    this.#log(`${this.#name}: ${line.slice(0, LONGEST_LINE)}`)
  }
}
