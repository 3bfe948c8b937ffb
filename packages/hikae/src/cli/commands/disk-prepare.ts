import { randomUUID } from 'node:crypto'
import { command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { flag, value } from '../option.ts'
import { confirm } from '../confirm.ts'
import { printDone, printPlan, printResult } from '../disk/prepare-view.ts'
import { someText } from '../values/text.ts'

const LABEL = 'hikae'

export const diskPrepare = command({
  name: 'disk prepare',
  group: 'Keep house',
  summary: 'Make a disk ready for a repository',
  description:
    'Shows a plan, asks, and then makes an ext4 file system on the whole device, adds one line to /etc/fstab that mounts it by ' +
    'its UUID whenever it is there, mounts it, and says what to write into hikae.yaml. A disk that holds anything is refused ' +
    'unless it is named by its serial number or a UUID on it; one that is mounted, or that the system runs from, always. ' +
    'Interrupted, the same command goes on.',
  arguments: [
    { name: 'DEVICE', help: 'as shown by disk list, for instance /dev/sdb', required: true, completes: 'file' },
  ],
  options: {
    label: value({ placeholder: 'TEXT', parse: someText, help: `name of the file system (default ${LABEL})` }),
    mount: value({
      placeholder: 'DIR',
      parse: someText,
      completes: 'directory',
      help: 'where it is mounted (default /mnt/ and the label)',
    }),
    eraseSerial: value({
      placeholder: 'SERIAL',
      parse: someText,
      help: 'erase what is on it, if this is the serial number of the disk',
    }),
    eraseUuid: value({
      placeholder: 'UUID',
      parse: someText,
      help: 'erase what is on it, if a file system or partition table there has this UUID',
    }),
    fstab: value({
      placeholder: 'FILE',
      parse: someText,
      completes: 'file',
      help: 'another table of file systems (default /etc/fstab)',
    }),
    yes: flag({ short: 'y', help: 'do not ask' }),
    dryRun: flag({ short: 'n', help: 'only show the plan' }),
  },
  globals: ['output'],
  examples: [
    ['disk prepare /dev/sdb --dry-run', 'what would be done'],
    ['disk prepare /dev/sdb --label offsite --mount /mnt/offsite', 'asks before it does anything'],
    ['disk prepare /dev/sdb --erase-serial 4C530001 --yes', 'a used disk, in a script'],
  ],
  async run({ options, args }, context) {
    const { out, signal, env } = context
    const { requireRoot } = await import('../../disks/prepare/require-root.ts')
    const { planPrepare } = await import('../../disks/prepare/plan.ts')
    const { applyPrepare } = await import('../../disks/prepare/apply.ts')
    const { DiskSystem } = await import('../../disks/system.ts')
    const { searchPathOf } = await import('../../disks/search-path.ts')
    requireRoot(`hikae disk prepare ${args[0]!}`)
    const { label = LABEL, mount = `/mnt/${label}`, fstab = '/etc/fstab', eraseSerial, eraseUuid } = options
    const asked = { device: args[0]!, label, mount, fstab, eraseSerial, eraseUuid, newUuid: randomUUID() }
    const system = new DiskSystem({ signal, searchPath: searchPathOf(env['PATH']) })
    const plan = await planPrepare(asked, system)
    printPlan(plan, out)
    if (options.dryRun) {
      out.note('Nothing was done.')
      return EXIT.succeeded
    }
    if (!options.yes && plan.steps.length > 0) await confirm(`Prepare ${plan.device}?`, context)
    await applyPrepare(plan, asked, {
      system,
      now: new Date(),
      signal,
      onDone: (step, detail) => printDone(step, detail, plan, out),
    })
    printResult(plan, out)
    return EXIT.succeeded
  },
})
