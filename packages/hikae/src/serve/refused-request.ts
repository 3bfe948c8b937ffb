import { KnownError } from '@hikae/engine'

/** A request that is answered with an error status; the message is what the client is told. */
export class RefusedRequest extends KnownError {
  override readonly name = 'RefusedRequest'
  readonly code = 'REFUSED_REQUEST'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, options: { headers?: Record<string, string>; cause?: unknown } = {}) {
    super(message, options)
    this.status = status
    this.headers = options.headers ?? {}
  }
}

/** The client went away, or was too slow, before its request was whole: there is nobody to answer. */
export class ClientGoneError extends KnownError {
  override readonly name = 'ClientGoneError'
  readonly code = 'CLIENT_GONE'
}
