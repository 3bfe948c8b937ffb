import { errorMessage } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import { type BytePath, printablePath } from './byte-path.ts'

export function finished(live: BytePath, kept: BytePath): Finding {
  return {
    severity: 'warning',
    message: `a restore of ${printablePath(live)} was interrupted in the middle, and has been finished now`,
    hint: `look at it; what was there before is kept as ${printablePath(kept)}, if there was anything`,
  }
}

export function stuck(path: BytePath, error: unknown): Finding {
  return {
    severity: 'error',
    message: `${printablePath(path)}, left by a restore that was interrupted, could not be put where it belongs: ${errorMessage(error)}`,
    hint: 'examine the source again as a user who may change that folder',
  }
}

export function undecided(live: BytePath, kept: BytePath, fresh: BytePath): Finding {
  return {
    severity: 'error',
    message: `a restore of ${printablePath(live)} was interrupted in the middle, and something else has come there since`,
    hint: `what was there before is ${printablePath(kept)}, what was restored is ${printablePath(fresh)}: move what is wanted to its place, and remove the other`,
  }
}

export function removed(path: BytePath): Finding {
  return {
    severity: 'warning',
    message: `${printablePath(path)}, left by a restore that was interrupted before it replaced anything there, has been removed`,
    hint: 'restore again if it is still wanted',
  }
}
