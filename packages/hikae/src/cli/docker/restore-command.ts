import type { OpenedRepository } from '../repository/open-all.ts'
import { shortId } from '../output/snapshot.ts'
import type { VolumeBackup } from './volume-backups.ts'

/** By which one volume comes back from one point of a source, under its name. */
export function restoreCommand(volume: string, { source, copies }: VolumeBackup<OpenedRepository>): string {
  const { id, tags = [] } = copies[0]!.snapshot
  // The same in each repository, as the id of a snapshot is not.
  const run = tags.find((tag) => tag.startsWith('run='))?.slice('run='.length)
  const what = source.kind.name === 'compose' ? 'volumes:' : ''
  return `hikae restore ${source.name} --at ${run ?? shortId(id)} --to ${what}${volume}=${volume}`
}
