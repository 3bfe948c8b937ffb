import type { OpenedRepository } from '../repository/open-all.ts'
import { shortId } from '../output/snapshot.ts'
import { labelOf } from '../repository/choose.ts'
import type { VolumeBackup } from './volume-backups.ts'

/** By which one volume comes back from one point of a source, under its name. */
export function restoreCommand(volume: string, backup: VolumeBackup<OpenedRepository>): string {
  const { source, copies } = backup
  const what = source.kind === 'compose' ? 'volumes:' : ''
  return `hikae restore ${source.name} --at ${runOf(backup) ?? shortId(copies[0]!.snapshot.id)} --to ${what}${volume}=${volume}`
}

/** By which a point stays, whatever a job keeps: what is not the job's is not for it to remove. */
export function keepCommands(backup: VolumeBackup<OpenedRepository>, job: string): string[] {
  const run = runOf(backup)
  return backup.copies.map(({ repository, snapshot }) => {
    const which = run === undefined ? shortId(snapshot.id) : `--tag source=${backup.source.name},run=${run}`
    return `hikae tag --repo ${labelOf(repository.chosen)} ${which} --remove job=${job}`
  })
}

/** The same in each repository, as the id of a snapshot is not. */
function runOf({ copies }: VolumeBackup<OpenedRepository>): string | undefined {
  const tag = copies[0]!.snapshot.tags?.find((each) => each.startsWith('run='))
  return tag?.slice('run='.length)
}
