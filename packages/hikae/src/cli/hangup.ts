import { closeSync, openSync } from 'node:fs'

/**
 * Tells what a SIGHUP means: `restic unlock` sends one to every process on its host that holds a lock, to see whether it
 * still runs (§13), and that must not stop it. So the signal counts only when the terminal we were started at has gone.
 *
 * @returns whether it has, whenever it is asked
 */
export function watchTerminal(): () => boolean {
  const hadTerminal = hasTerminal()
  return () => hadTerminal && !hasTerminal()
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
