import { command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { flag } from '../option.ts'
import { printDisks } from '../disk/list-view.ts'

export const diskList = command({
  name: 'disk list',
  group: 'Keep house',
  summary: 'List the disks that backups could be or are on',
  description:
    'Shows all disks but those that the system runs from, mounted or not: what they hold, how much is free, and which ' +
    'repositories are on those that are mounted. Only root sees the labels and UUIDs of all of them.',
  arguments: [],
  options: { all: flag({ help: 'also the disks that the system runs from' }) },
  globals: ['output'],
  examples: [
    ['disk list', 'find the UUID of a disk, and its device'],
    ['disk list --all --json', 'everything, for programs'],
  ],
  async run({ options }, { out, signal, env }) {
    const { listDisks } = await import('../../disks/inventory.ts')
    const { DiskSystem } = await import('../../disks/system.ts')
    const { searchPathOf } = await import('../../disks/search-path.ts')
    const system = new DiskSystem({ signal, searchPath: searchPathOf(env['PATH']) })
    const disks = await listDisks(system)
    printDisks(options.all ? disks : disks.filter(({ isSystem }) => !isSystem), out)
    return EXIT.succeeded
  },
})
