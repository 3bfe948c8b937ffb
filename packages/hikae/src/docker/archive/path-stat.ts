import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { DockerError, isNotFound } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import { dialArchive, readingOf } from './archive-request.ts'

const statSchema = z.object({ mode: z.number(), linkTarget: z.string() })

/** What is at a path of a container. */
export interface PathStat {
  readonly type: 'directory' | 'file' | 'symlink' | 'other'
  /** Of a symlink, as a path in the container; empty otherwise. */
  readonly linkTarget: string
}

/** As Go has the types of files. */
const TYPE_BITS = { directory: 1 << 31, symlink: 1 << 27, device: 1 << 26, fifo: 1 << 25, socket: 1 << 24 } as const

/**
 * @param path byte string; its last component is not followed when it is a symlink
 * @returns undefined when nothing is there
 * @throws {DockerError}
 */
export async function statPath(
  engine: DockerEngine,
  container: string,
  path: string,
  signal: AbortSignal,
): Promise<PathStat | undefined> {
  const doing = readingOf(container, path)
  try {
    const response = (await engine.ask(doing, (api) =>
      dialArchive(api, { method: 'HEAD', container, path, signal }),
    )) as IncomingMessage
    response.resume()
    return decodeStat(String(response.headers['x-docker-container-path-stat'] ?? ''), doing)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function decodeStat(header: string, doing: string): PathStat {
  try {
    const { mode, linkTarget } = statSchema.parse(JSON.parse(Buffer.from(header, 'base64').toString()))
    return { type: typeOf(mode), linkTarget }
  } catch (error) {
    throw new DockerError(`cannot ${doing}: the Docker Engine does not say what is there`, { cause: error })
  }
}

function typeOf(mode: number): PathStat['type'] {
  const { directory, symlink, device, fifo, socket } = TYPE_BITS
  if (mode & directory) return 'directory'
  if (mode & symlink) return 'symlink'
  return mode & (device | fifo | socket) ? 'other' : 'file'
}
