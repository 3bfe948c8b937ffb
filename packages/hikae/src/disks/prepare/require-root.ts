import { DiskError } from '../disk-error.ts'

/** @param commandLine to be run as root instead @throws {DiskError} `ROOT_NEEDED` */
export function requireRoot(commandLine: string): void {
  if (process.getuid?.() === 0) return
  throw new DiskError('ROOT_NEEDED', 'only root may look into disks and prepare them', `run \`sudo ${commandLine}\``)
}
