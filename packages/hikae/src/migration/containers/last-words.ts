import { Readable } from 'node:stream'
import { isKnownError } from '../../errors.ts'
import { demultiplex } from '../../docker/containers/demultiplex.ts'
import type { DockerEngine } from '../../docker/engine.ts'

const LINES = 5
const MOST = 400

/** The last that a container printed, on one line, since it is about to be removed; undefined when there is nothing. */
export async function lastWordsOf(engine: DockerEngine, name: string): Promise<string | undefined> {
  try {
    const container = await engine.ask(`look at the container ${name}`, (api) => api.getContainer(name).inspect())
    const log = await engine.ask(`read the log of ${name}`, (api) =>
      api.getContainer(name).logs({ stdout: true, stderr: true, tail: LINES }),
    )
    const health = container.State.Health?.Log.at(-1)?.Output ?? ''
    const text = `${container.Config.Tty ? log.toString() : await withoutHeaders(log)} ${health}`
    return text.replaceAll(/\s+/g, ' ').trim().slice(-MOST) || undefined
  } catch (error) {
    if (!isKnownError(error)) throw error
    return undefined
  }
}

async function withoutHeaders(log: Buffer): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const { bytes } of demultiplex(Readable.from([log], { objectMode: false }))) parts.push(bytes)
  return Buffer.concat(parts).toString()
}
