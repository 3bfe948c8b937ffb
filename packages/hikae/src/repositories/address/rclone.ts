import { UsageError } from '../../errors.ts'
import type { RcloneLocation } from '../location.ts'

/**
 * `remote:path`, as rclone writes it.
 *
 * @throws {UsageError} no remote is named
 */
export function parseRclone(remote: string): RcloneLocation {
  // rclone would take the first for an option, and the second for a folder of the machine.
  if (!remote.startsWith('-') && /^[^/].*:/.test(remote)) return { kind: 'rclone', remote }
  throw new UsageError('rclone: is not followed by the name of a remote and a colon', {
    hint: 'write rclone:REMOTE:PATH; `rclone listremotes` names the remotes',
  })
}
