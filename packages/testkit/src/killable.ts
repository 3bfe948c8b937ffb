import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { SystemCall } from './system-calls.ts'

/** Name of the variable that carries a {@link KillOrder} to the program. */
export const KILL_ORDER = 'HIKAE_TEST_KILL'

export interface KillOrder {
  /** Only changes inside count. */
  readonly folder: string
  /** The change that is never made, 1 being the first; absent to let the program come to its end. */
  readonly at?: number
  /** `halfway` leaves half of a write; every other change is made or not. */
  readonly when?: 'before' | 'halfway'
  /** SIGKILL by default. A signal that leaves the program alive reaches it when it is there for sure, however busy the machine is. */
  readonly signal?: NodeJS.Signals
  /**
   * An empty folder, for {@link recordedChanges}. What becomes visible by the n-th change is kept in it as a file named n,
   * also when the program removes it again.
   */
  readonly record?: string
}

/**
 * Environment for any program that runs on Node: it dies by SIGKILL, or is told to stop, at one chosen change of its files. Every point of its
 * work can be met in this way, again and again; a delay would mostly meet its start.
 */
export function killable(order: KillOrder): Record<string, string> {
  const preload = join(import.meta.dirname, `kill-preload${extname(import.meta.filename)}`)
  const cache = process.env['NODE_COMPILE_CACHE']
  return {
    NODE_OPTIONS: `--import=${preload}`,
    [KILL_ORDER]: JSON.stringify(order),
    // What stands in the way of a program should not be what it spends its time on.
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
  }
}

/** All changes of a program that has come to its end with an order to record. */
export async function recordedChanges(record: string): Promise<SystemCall[]> {
  return JSON.parse(await readFile(join(record, 'changes.json'), 'utf8')) as SystemCall[]
}
