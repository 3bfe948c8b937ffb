import { ProgramError } from '../../errors.ts'

export interface AlertErrorOptions {
  readonly hint?: string
  /** It may work in a moment. */
  readonly transient?: boolean
  /** The server said when to come back. */
  readonly retryAfterMs?: number
  /** There was no answer in time: whatever else is for the same channel would wait as long. */
  readonly timedOut?: boolean
}

/** An alert could not be sent. Has no cause: what lies below may hold addresses and tokens. */
export class AlertError extends ProgramError {
  override readonly name = 'AlertError'
  readonly code = 'ALERT_NOT_SENT'
  override readonly transient: boolean
  readonly retryAfterMs: number | undefined
  readonly timedOut: boolean

  constructor(message: string, options: AlertErrorOptions = {}) {
    super(message, options.hint === undefined ? {} : { hint: options.hint })
    this.transient = options.transient ?? false
    this.retryAfterMs = options.retryAfterMs
    this.timedOut = options.timedOut ?? false
  }
}
