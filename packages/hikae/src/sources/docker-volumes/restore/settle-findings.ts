import type { Finding } from '../../finding.ts'

/** @param names volumes that have what was restored @param kept those that have what was there before */
export function finished(names: readonly string[], kept: readonly string[]): Finding {
  return {
    severity: 'warning',
    message: `a restore of ${volumes(names)} was interrupted in the middle, and has been finished now`,
    hint: `look at ${names.length > 1 ? 'them' : 'it'}${kept.length > 0 ? `; what was there before is in ${volumes(kept)}` : ''}`,
  }
}

/** @param names volumes that have again what they had before the restore */
export function putBack(names: readonly string[]): Finding {
  return {
    severity: 'warning',
    message: `a restore of ${volumes(names)} was interrupted while it was taken back: what was there before is in place again`,
    hint: 'restore again if it is still wanted',
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

export function stuck(name: string, why: string): Finding {
  return {
    severity: 'error',
    message: `the volume ${name}, left by a restore that was interrupted, could not be dealt with: ${why}`,
    hint: 'run `hikae doctor` on the host of the Docker Engine, as root, when nothing uses it',
  }
}

/** Of several volumes, which may not be of one moment. @param record the volume that says what was to become of them */
export function stuckTogether(names: readonly string[], record: string, why: string): Finding {
  return {
    severity: 'error',
    message: `a restore of ${volumes(names)} was interrupted in the middle, and cannot be finished: ${why}`,
    hint: `start nothing that uses them: some may have what was restored, and others what was there before. When that is put right, run \`hikae doctor\` on the host of the Docker Engine, as root; or, when they are as you want them, \`docker volume rm ${record}\``,
  }
}

function volumes(names: readonly string[]): string {
  return `the ${names.length > 1 ? 'volumes' : 'volume'} ${names.join(', ')}`
}
