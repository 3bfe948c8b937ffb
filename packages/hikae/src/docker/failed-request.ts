import type Docker from 'dockerode'

/** What an engine was asked for, without parameters: `POST /containers/shop-db-1/stop`. */
export interface FailedRequest {
  readonly method: string
  readonly path: string
}

const requests = new WeakMap<Error, FailedRequest>()

/** Has errors of this API know what was asked for, which dockerode's do not: see {@link failedRequest}. */
export function noteRequests({ modem }: Docker): void {
  const dial = modem.dial.bind(modem)
  modem.dial = (options, callback) => {
    const request = { method: options.method ?? 'GET', path: options.path.replace(/\?.*$/s, '') }
    dial(options, (error, answer) => {
      if (error) requests.set(error, request)
      callback?.(error, answer)
    })
  }
}

/** Undefined for an error that came before anything was asked. */
export function failedRequest(error: unknown): FailedRequest | undefined {
  return error instanceof Error ? requests.get(error) : undefined
}
