import type { Readable } from 'node:stream'
import { z } from 'zod'
import { DockerError } from '../../../docker/engine-error.ts'
import type { SwarmApi } from '../manager/swarm-api.ts'

/** A container that does not answer has so long; an engine cannot end a program that it started in one. */
const PATIENCE_MS = 30_000
/** Above what a swarm takes for a secret. */
const LONGEST = 2 * 1024 * 1024
const HEADER = 8
const STDOUT = 1
const STDERR = 2

/**
 * The content of a file in a running container, as its own `cat` prints it: where a secret is mounted, the archive that
 * an engine makes of a container has an empty file.
 *
 * @param path absolute
 * @throws {DockerError} without a word of what the file holds
 */
export async function printFile(
  api: SwarmApi,
  container: string,
  path: string,
  { signal, patienceMs = PATIENCE_MS }: { readonly signal: AbortSignal; readonly patienceMs?: number },
): Promise<Buffer> {
  const doing = `read ${path} in the container ${container.slice(0, 12)}`
  // A connection that breaks off looks like the end of the output: of two copies, one would be short.
  const request = { AttachStdout: true, AttachStderr: true, User: '0', Cmd: ['cat', path, path] }
  const created = await api.post(doing, `/containers/${container}/exec`, request)
  const { Id } = z.object({ Id: z.string() }).parse(created)
  const late = AbortSignal.timeout(patienceMs)
  const stream = await api.engine.ask(doing, (docker) => docker.getExec(Id).start({ hijack: false, stdin: false }))
  const { stdout, stderr } = await collect(stream, AbortSignal.any([signal, late])).catch((error: unknown) => {
    signal.throwIfAborted()
    const why = late.aborted ? `no end of it after ${Math.round(patienceMs / 1000)} s` : 'the connection broke off'
    throw new DockerError(`cannot ${doing}: ${why}`, { cause: error })
  })
  const ended = await api.get(doing, `/exec/${Id}/json`)
  const { ExitCode } = z.object({ ExitCode: z.int().nullable() }).parse(ended)
  if (ExitCode !== 0) throw new DockerError(`cannot ${doing}: ${complaint(ExitCode, stdout, stderr)}`)
  const [first, second] = [stdout.subarray(0, stdout.length / 2), stdout.subarray(stdout.length / 2)]
  if (!first.equals(second)) throw new DockerError(`cannot ${doing}: it did not come whole`)
  return first
}

/** A program that cannot be started is complained about by the engine, on the output of the program. */
function complaint(exitCode: number | null, stdout: Buffer, stderr: Buffer): string {
  if (exitCode === 126 || exitCode === 127 || /executable file not found/.test(stdout.toString())) {
    return 'its image has no program `cat`'
  }
  const words = stderr.toString().trim().slice(0, 200)
  return words === '' ? `cat ended with status ${exitCode ?? 'unknown'}` : words
}

/** The two outputs of a program, which come in frames with a header each. */
async function collect(stream: Readable, signal: AbortSignal): Promise<{ stdout: Buffer; stderr: Buffer }> {
  const stop = (): void => void stream.destroy(new Error('given up'))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  const parts: Buffer[] = []
  let length = 0
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part)
      length += part.length
      if (length > LONGEST) throw new Error(`it is longer than ${LONGEST} bytes`)
    }
    return unframed(Buffer.concat(parts))
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
  }
}

function unframed(bytes: Buffer): { stdout: Buffer; stderr: Buffer } {
  const outputs: Record<number, Buffer[]> = { [STDOUT]: [], [STDERR]: [] }
  let at = 0
  while (at < bytes.length) {
    if (at + HEADER > bytes.length) throw new Error('it breaks off')
    const end = at + HEADER + bytes.readUInt32BE(at + 4)
    if (end > bytes.length) throw new Error('it breaks off')
    outputs[bytes[at]!]?.push(bytes.subarray(at + HEADER, end))
    at = end
  }
  return { stdout: Buffer.concat(outputs[STDOUT]!), stderr: Buffer.concat(outputs[STDERR]!) }
}
