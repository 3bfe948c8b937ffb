import { setTimeout } from 'node:timers/promises'
import type { Clock } from './clock.ts'

/** Timers count time that goes by, not what a clock shows, which may be set: so they are short. */
const LONGEST_NAP_MS = 30_000

/** The clock of the machine. Waiting keeps the process alive. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(until, signal) {
    const left = until.getTime() - Date.now()
    if (left <= 0 || signal.aborted) return
    try {
      await setTimeout(Math.min(left, LONGEST_NAP_MS), undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  },
}
