import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { output } from '../command.ts'
import type { VolumeSet } from '../data/data-set.ts'
import type { Tool } from '../tools/tool.ts'
import { archivePrograms } from '../volumes/archive-image.ts'
import { openMeasuredVolume } from '../volumes/measured-volume.ts'
import type { VolumeWay } from '../volumes/volume-way.ts'
import { Round } from './round.ts'
import type { RoundsOptions } from './rounds-options.ts'
import { inTurn } from './turns.ts'

const days = 7

/** Puts the files of `options.source` into a volume, and saves it in all ways that the tools know, in turns within a round. */
export async function measureVolumeRounds(
  dataSet: VolumeSet,
  tools: readonly Tool[],
  options: RoundsOptions,
): Promise<void> {
  const { source, directory, scale } = options
  await using volume = await openMeasuredVolume(join(directory, 'engine'))
  const ways = tools.flatMap((tool) => tool.volumeWays?.(volume) ?? [])
  for (const [program, from] of Object.entries(archivePrograms)) {
    const isThere = volume.programs.some((name) => name === program)
    if (!isThere) options.onTrouble(`nobody is measured with ${program}, which is not here (${from})`)
  }
  const files = readdirSync(source).map((name) => join(source, name))
  await output({ file: 'mv', args: ['--target-directory', volume.content, ...files] }, options.signal)
  let day = 1
  for (let number = 1; number <= options.rounds; number++) {
    const round = new Round({ ...options, number, dataSet: dataSet.name, tools: [] })
    const passDay = (): void => dataSet.passDay(volume.content, ++day, scale)
    await measureVolume(round, inTurn(ways, number), { content: volume.content, passDay })
    round.end()
  }
}

interface VolumeDays {
  readonly content: string
  /** The application works for a day. */
  readonly passDay: () => void
}

/** The first backup and that of the next day. The first round goes on for a week, and proves the last backup. */
async function measureVolume(
  round: Round,
  ways: readonly VolumeWay[],
  { content, passDay }: VolumeDays,
): Promise<void> {
  for (const way of ways) {
    const place = await round.repositoryOf(way)
    if (way.initialize) await round.run(way.initialize(place))
    await round.measure('backup', way, way.backUp(place))
    await round.recordSize(way, 'backup')
  }
  const replaced = new Map<VolumeWay, number>()
  const goOn = async (way: VolumeWay, backUp: () => Promise<unknown>): Promise<void> => {
    if (way.holds === 'one day') replaced.set(way, (replaced.get(way) ?? 0) + ((await round.storedBy(way)) ?? 0))
    await backUp()
  }
  passDay()
  for (const way of ways) {
    const command = way.backUp(await round.repositoryOf(way))
    await goOn(way, () => round.measure('next-day', way, command))
  }
  if (!round.isFirst) return
  for (let day = 3; day <= days; day++) {
    passDay()
    for (const way of ways) {
      const command = way.backUp(await round.repositoryOf(way))
      await goOn(way, () => round.run(command))
    }
  }
  for (const way of ways) {
    await round.recordSize(way, 'week', replaced.get(way))
    await prove(round, way, content)
  }
}

/** A fast backup of something else would be worthless. */
async function prove(round: Round, way: VolumeWay, content: string): Promise<void> {
  const target = round.path('restored')
  mkdirSync(target)
  await round.run(way.restore(await round.repositoryOf(way), target))
  await round.run({ file: 'diff', args: ['-rq', '--no-dereference', content, way.restoredAt(target)] })
  rmSync(target, { recursive: true })
}
