/**
 * - `STUCK`: nothing moved for too long
 * - `CUT_SHORT`: the answer ended before its end
 * - `TOO_LONG`: the answer has more bytes than were asked for
 */
export type TransportTrouble = 'STUCK' | 'CUT_SHORT' | 'TOO_LONG'

/** What goes wrong on the way besides what the system reports; senders throw it, backends explain it. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportTrouble

  constructor(code: TransportTrouble, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
