import type { Readable, Writable } from 'node:stream'
import type { BackendError } from '../backend.ts'

/** Why a channel came to its end. */
export interface ChannelEnd {
  /** For people, short; may be empty. */
  readonly reason: string
  /** What to throw when it ended before the server had said a word of SFTP. */
  readonly refusal: BackendError
}

/** A connection to the server's SFTP subsystem. */
export interface SshChannel {
  readonly toServer: Writable
  readonly fromServer: Readable
  /** Resolves when nothing more will come; never rejects. */
  readonly ended: Promise<ChannelEnd>
  /** Ends it politely, and by force when that takes too long; returns when it has ended. */
  close(): Promise<void>
  /** Ends it at once. */
  destroy(): void
}

/** How the server is reached. */
export interface SshTransport extends AsyncDisposable {
  /**
   * Opens one more channel. It may turn out only later, through {@link SshChannel.ended}, that the server refuses.
   *
   * @param signal gives up waiting for the server
   * @throws {BackendError}
   */
  open(signal: AbortSignal | undefined): Promise<SshChannel>
}
