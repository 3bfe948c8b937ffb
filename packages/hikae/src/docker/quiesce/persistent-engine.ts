import { setTimeout as sleep } from 'node:timers/promises'
import { DockerError } from '../engine-error.ts'
import type { Asked } from './container-condition.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5000
/** The engine is there, and not ready. */
const UNAVAILABLE = 503

/**
 * The same engine, which is asked again while it cannot be reached, for a limited time. Only for questions that may be asked
 * twice.
 *
 * @param mostMs from now on, for all questions together
 */
export function persistentEngine(engine: Asked, mostMs: number): Asked {
  const until = performance.now() + mostMs
  return {
    address: engine.address,
    async ask(doing, question, patience) {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        try {
          return await engine.ask(doing, question, patience)
        } catch (error) {
          const leftMs = until - performance.now()
          if (!isUnreachable(error) || leftMs <= 0) throw error
          await sleep(Math.min(pauseMs, leftMs))
        }
      }
    },
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof DockerError && (error.status === undefined || error.status === UNAVAILABLE)
}
