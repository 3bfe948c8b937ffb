import { systemCode } from '../errors.ts'

/** Whether a process of this number is there, be it ours or another user's. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}
