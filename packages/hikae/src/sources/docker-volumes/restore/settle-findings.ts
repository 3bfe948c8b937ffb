import type { Finding } from '../../finding.ts'

export function finished(name: string, kept: string): Finding {
  return {
    severity: 'warning',
    message: `a restore of the volume ${name} was interrupted in the middle, and has been finished now`,
    hint: `look at it; what was there before is in the volume ${kept}`,
  }
}

export function removed(name: string, fresh: string): Finding {
  return {
    severity: 'warning',
    message: `the volume ${fresh}, left by a restore of ${name} that was interrupted before it replaced anything, has been removed`,
    hint: 'restore again if it is still wanted',
  }
}

export function removedFilling(name: string): Finding {
  return {
    severity: 'warning',
    message: `the volume ${name}, which a restore was filling when it was interrupted, has been removed`,
    hint: 'restore again if it is still wanted',
  }
}

export function undecided(name: string, kept: string, fresh: string): Finding {
  return {
    severity: 'error',
    message: `a restore of the volume ${name} was interrupted in the middle, and something else has come there since`,
    hint: `what was there before is in the volume ${kept}, what was restored is in ${fresh}: copy what is wanted, and remove the other`,
  }
}

/** @param replaced volumes that have what was restored @param old volumes that have what they had */
export function mixed(replaced: readonly string[], old: readonly string[]): Finding {
  return {
    severity: 'error',
    message: `a restore of several volumes was interrupted between them: ${replaced.join(', ')} have what was restored, and ${old.join(', ')} what was there before, so that they are not of the same moment`,
    hint: 'stop what uses them, and restore again; or put back what was replaced with `hikae restore SOURCE --undo`',
  }
}

export function stuck(name: string, why: string): Finding {
  return {
    severity: 'error',
    message: `the volume ${name}, left by a restore that was interrupted, could not be dealt with: ${why}`,
    hint: 'run `hikae doctor` on the host of the Docker Engine, as root, when nothing uses it',
  }
}
