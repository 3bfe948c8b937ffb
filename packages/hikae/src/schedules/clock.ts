/** What time it is, and waiting for another. Handed in, so that a week can pass in a test. */
export interface Clock {
  now(): Date
  /**
   * Ends when the clock has come to `until`, or earlier: the clock may have been set, so whoever wakes looks at it again.
   * Ends at once when the signal is aborted; never throws.
   */
  sleep(until: Date, signal: AbortSignal): Promise<void>
}
