import { errorMessage, systemCode } from '../errors.ts'
import { type EngineAddress, formatEngineAddress } from './engine-address.ts'
import { DockerError } from './engine-error.ts'
import { explainProxy } from './proxy-answer.ts'

/** dockerode's `(HTTP code 404) no such volume - get x: no such volume`, without what is around the engine's own words. */
const ANSWER = /^\(HTTP code \d+\) .*? - (.*?)\s*$/s

/** @param doing for messages: `look at the volume uploads` */
export function explainFailure(error: unknown, doing: string, address: EngineAddress): DockerError {
  if (error instanceof DockerError) return error
  const where = formatEngineAddress(address)
  const status = statusOf(error)
  if (status !== undefined) {
    const words = ANSWER.exec(errorMessage(error))?.[1] ?? errorMessage(error)
    return (
      explainProxy(error, { doing, where, status, words }) ??
      new DockerError(`cannot ${doing}: ${words}`, { status, cause: error })
    )
  }
  return new DockerError(`cannot ${doing}: ${reasonOf(error, where)}`, { hint: hintFor(error, address), cause: error })
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined
}

function reasonOf(error: unknown, where: string): string {
  switch (systemCode(error)) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `no Docker Engine answers at ${where}`
    case 'EACCES':
    case 'EPERM':
      return `this user may not use the Docker Engine at ${where}`
    case 'ECONNRESET':
    case 'EPIPE':
      return `the Docker Engine at ${where} broke the connection off`
    default:
      return `${where}: ${errorMessage(error)}`
  }
}

function hintFor(error: unknown, address: EngineAddress): string {
  const code = systemCode(error)
  if (code === 'EACCES' || code === 'EPERM') return 'run it as root, or add this user to the group docker'
  switch (address.kind) {
    case 'socket':
      return 'start Docker (`systemctl start docker`), or say where it is with `engine:` or DOCKER_HOST'
    case 'tcp':
      return address.tls
        ? 'look at the address, the certificates under `engine: tls:`, and whether a firewall is between'
        : 'look at the address, and whether the engine wants TLS (`engine: tls:`)'
    case 'ssh':
      return `try \`ssh ${address.destination} docker version\` by hand`
  }
}
