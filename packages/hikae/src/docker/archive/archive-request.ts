import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { DockerError } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'

const ANSWERS = {
  200: true,
  400: 'client error, bad parameters',
  403: 'client error, permission denied',
  404: 'no such container',
  500: 'server error',
} as const

/**
 * Asks for a path of a container as a tar archive. dockerode's own `getArchive` writes paths as UTF-8 only.
 *
 * @param path byte string
 * @returns a stream that fails when the engine breaks off
 * @throws {DockerError} it is not there, or the engine cannot
 */
export async function* requestArchive(
  engine: DockerEngine,
  container: string,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const doing = readingOf(container, path)
  signal.throwIfAborted()
  const response = (await engine.ask(doing, (api) =>
    dialArchive(api, { method: 'GET', container, path, signal }),
  )) as IncomingMessage
  const stop = (): void => void response.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    yield* response as AsyncIterable<Uint8Array>
    signal.throwIfAborted()
    if (!response.complete) throw new DockerError(`cannot ${doing}: the Docker Engine broke the connection off`)
  } catch (error) {
    signal.throwIfAborted()
    // The engine explains what is thrown inside of a question.
    await engine.ask(doing, () => Promise.reject(error as Error))
  } finally {
    signal.removeEventListener('abort', stop)
    response.destroy()
  }
}

/** For messages. */
export function readingOf(container: string, path: string): string {
  return `read ${Buffer.from(path, 'latin1').toString()} of the container ${shownContainer(container)}`
}

/** For messages: ids as the Docker client shows them. */
export function shownContainer(nameOrId: string): string {
  return /^[0-9a-f]{64}$/.test(nameOrId) ? nameOrId.slice(0, 12) : nameOrId
}

interface ArchiveCall {
  readonly method: 'GET' | 'HEAD' | 'PUT'
  readonly container: string
  /** Byte string. */
  readonly path: string
  /** Further parameters: `&noOverwriteDirNonDir=1` */
  readonly parameters?: string
  readonly file?: Readable
  readonly signal: AbortSignal
}

/** @returns the answer: a stream, but for PUT */
export async function dialArchive(api: Docker, call: ArchiveCall): Promise<unknown> {
  const { method, container, path, parameters = '', file, signal } = call
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const options = {
    // Of a path without options, the last character is dropped.
    path: `/containers/${encodeURIComponent(container)}/archive?path=${escaped(path)}${parameters}&`,
    method,
    isStream: method !== 'PUT',
    statusCodes: ANSWERS,
    abortSignal: signal,
    ...(file === undefined ? {} : { file }),
  }
  api.modem.dial(options, (error, answer) => (error ? reject(error) : resolve(answer)))
  return await promise
}

function escaped(path: string): string {
  return path.replaceAll(/[^A-Za-z0-9/._~-]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
