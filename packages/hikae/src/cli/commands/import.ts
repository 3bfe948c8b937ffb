import { command } from '../command.ts'
import { flag, list, value } from '../option.ts'
import { parseNamePattern } from '../import/name-pattern.ts'
import { parseTimeZone } from '../import/time-zone.ts'
import { parseTags } from '../values/tags.ts'
import { anyText, someText } from '../values/text.ts'
import { parsePointInTime } from '../values/time.ts'

export const importOptions = {
  timeFromName: value({
    placeholder: 'PATTERN',
    parse: parseNamePattern,
    help: 'where names have the time: YYYY MM DD HH mm SS, * for anything, as in shop_YYYYMMDD_HHmmSS',
  }),
  timeZone: value({
    placeholder: 'ZONE',
    parse: parseTimeZone,
    help: "zone of the times in names, as Asia/Tokyo (default: the machine's)",
  }),
  time: value({
    placeholder: 'TIME',
    parse: parsePointInTime,
    help: "time of the one snapshot, whatever its name says, for instance '2026-11-21 08:30:00'",
  }),
  keepNames: flag({ help: 'leave the date in the names of dumps, and of what the snapshots are of' }),
  tag: list({ placeholder: 'TAG[,TAG…]', parse: parseTags, help: 'more tags for the snapshots (repeatable)' }),
  host: value({
    short: 'H',
    placeholder: 'HOST',
    parse: anyText,
    env: 'HOST',
    help: 'host of the snapshots (default: this one)',
  }),
  scratch: value({
    placeholder: 'FOLDER',
    parse: someText,
    completes: 'directory',
    help: 'where compressed archives are unpacked for a while; it needs room for one (default: $TMPDIR or /tmp)',
  }),
  dryRun: flag({ short: 'n', help: 'store nothing, only tell what would be imported, as which time' }),
}

export const importCommand = command({
  name: 'import',
  group: 'Save',
  summary: 'Take the dated backups of scripts into snapshots',
  description:
    'Each argument is an archive (.tar, also .gz, .zst, .xz, .bz2), a dump (.sql, .dump, …, compressed or not), a directory with a ' +
    'date in its name, or a folder that holds such things. The time of a snapshot is the one in the name. What is compressed is ' +
    'unpacked, so that what repeats is stored once; oldest first. What was imported before is left out, so that an interrupted ' +
    'import goes on when it is run again. A damaged archive makes no snapshot; it is named, the others go on, and the exit status is 3.',
  arguments: [{ name: 'PATH', help: 'archive, dump or directory', required: true, variadic: true, completes: 'file' }],
  options: importOptions,
  globals: ['repository', 'connection', 'storage', 'output'],
  examples: [
    ['import --dry-run /backup', 'what would be imported, and as which time'],
    ['import /backup --time-zone Asia/Tokyo', 'everything dated in a folder'],
    ["import /backup/*.tgz --time-from-name 'app-DD.MM.YYYY'", 'names of another form'],
  ],
  async run(input, context) {
    const { runImport } = await import('../import/run.ts')
    return runImport(input, context)
  },
})
