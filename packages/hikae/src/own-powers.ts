import { readFile } from 'node:fs/promises'
import { systemCode } from './errors.ts'
import { ownIdentity } from './identity.ts'

/** Numbers of capabilities: see capabilities(7). */
const CHOWN = 0
const DAC_OVERRIDE = 1
const DAC_READ_SEARCH = 2
const FOWNER = 3

/** What this process may do with files of others. In a container, neither follows from being root. */
export interface OwnPowers {
  /** Read each of them, whatever its permissions say. */
  readonly readsAll: boolean
  /** Write each of them, and make files for other users. */
  readonly writesAll: boolean
}

export async function ownPowers(): Promise<OwnPowers> {
  try {
    return powersOf(await readFile('/proc/self/status', 'latin1'))
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    const isRoot = ownIdentity().uid === 0
    return { readsAll: isRoot, writesAll: isRoot }
  }
}

/** @param status see proc(5) */
export function powersOf(status: string): OwnPowers {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  const has = (capability: number): boolean => (effective & (1n << BigInt(capability))) !== 0n
  return {
    readsAll: has(DAC_OVERRIDE) || has(DAC_READ_SEARCH),
    writesAll: has(DAC_OVERRIDE) && has(CHOWN) && has(FOWNER),
  }
}
