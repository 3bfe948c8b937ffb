import { DockerError } from './engine-error.ts'
import { failedRequest, type FailedRequest } from './failed-request.ts'

interface Answer {
  /** For messages: `look at the volume uploads`. */
  readonly doing: string
  /** Address of what was taken for the engine. */
  readonly where: string
  readonly status: number
  /** What was answered besides the status. */
  readonly words: string
}

/** A page, nothing, or what web servers say by default. The engine always gives a reason of its own, as JSON. */
const NOT_OF_THE_ENGINE = /^\s*(?:$|<|forbidden|method not allowed|unauthorized|(?:bad gateway|service unavailable))/i
const REFUSED: readonly number[] = [401, 403, 405]
const UNAVAILABLE = 503
const NO_ENGINE: readonly number[] = [502, UNAVAILABLE, 504]

/** @returns undefined when the engine itself has answered, and no proxy before it */
export function explainProxy(error: unknown, { doing, where, status, words }: Answer): DockerError | undefined {
  if (!NOT_OF_THE_ENGINE.test(words) || isJson(error)) return undefined
  if (NO_ENGINE.includes(status)) {
    return new DockerError(`cannot ${doing}: the proxy at ${where} does not reach the Docker Engine (${status})`, {
      hint: 'look whether Docker runs, and whether the proxy has its socket',
      // Whichever it is: the engine is not there at the moment.
      status: UNAVAILABLE,
      cause: error,
    })
  }
  const request = failedRequest(error)
  if (!REFUSED.includes(status) || !request) return undefined
  const { method, path } = request
  return new DockerError(`cannot ${doing}: the proxy at ${where} refuses ${method} ${path} (${status})`, {
    hint: hintFor(request),
    status,
    cause: error,
  })
}

function isJson(error: unknown): boolean {
  if (!(error instanceof Error && 'json' in error)) return false
  const { json } = error
  return typeof json === 'object' && json !== null && !Buffer.isBuffer(json)
}

/** Settings of the proxy in packaging/docker, and what each lets through. */
const SETTINGS: readonly (readonly [setting: string, request: RegExp])[] = [
  ['ALLOW_PAUSE', /^POST \/containers\/[^/]+\/(?:un)?pause$/],
  ['ALLOW_STOP', /^POST \/containers\/[^/]+\/(?:stop|start)$/],
  ['ALLOW_EXEC', /^(?:POST \/containers\/[^/]+\/exec|\w+ \/exec\/[^/]+\/\w+)$/],
  ['ALLOW_HELPERS', /^(?:POST \/containers\/create|(?:DELETE|GET|HEAD) \/containers\/hikae-helper-\w+(?:\/archive)?)$/],
  ['ALLOW_FILES', /^(?:GET|HEAD) \/containers\/[^/]+\/archive$/],
  ['ALLOW_IMAGES', /^GET \/images\/get$/],
  ['ALLOW_SWARM', /^GET \/(?:configs|networks|nodes|secrets|services|swarm|tasks)(?:\/|$)/],
]

function hintFor({ method, path }: FailedRequest): string {
  const setting = SETTINGS.find(([, request]) => request.test(`${method} ${path}`))?.[0]
  if (setting !== undefined)
    return `let it through: ${setting}=1 for the proxy that comes with Hikae; another one has a setting of its own for it`
  if (method === 'GET' || method === 'HEAD') return 'let it through: Hikae has to look before it can save anything'
  return 'what changes the engine is not for this proxy: restore with the socket itself, as the service hikae-restore of the example does'
}
