import { command } from '../command.ts'
import { flag, list, value } from '../option.ts'
import { excludeOptions } from '../pattern-options.ts'
import { groupByOption } from '../shared-options.ts'
import { oneOf } from '../values/choice.ts'
import { wholeNumber } from '../values/number.ts'
import { parseTags } from '../values/tags.ts'
import { anyText, someText } from '../values/text.ts'
import { parsePointInTime } from '../values/time.ts'

const CHUNKS = ['standard', 'fine'] as const
const listFile = { placeholder: 'FILE', parse: anyText, completes: 'file' as const }

export const backupOptions = {
  ...excludeOptions,
  excludeCaches: flag({ help: 'leave out the content of directories marked with a CACHEDIR.TAG' }),
  excludeIfPresent: list({
    placeholder: 'NAME[:HEADER]',
    parse: someText,
    help: 'leave out the content of directories that hold a file NAME, which begins with HEADER',
  }),
  excludeLargerThan: value({ placeholder: 'SIZE', parse: anyText, help: 'leave out larger files, for instance 100M' }),
  oneFileSystem: flag({ short: 'x', help: 'stay on the file systems of what is named' }),
  filesFrom: list({ ...listFile, help: 'back up what the patterns in this file match (- is standard input)' }),
  filesFromVerbatim: list({ ...listFile, help: 'back up the paths in this file, one a line' }),
  filesFromRaw: list({ ...listFile, help: 'back up the paths in this file, each ended by a zero byte' }),
  stdin: flag({ help: 'back up what comes in on standard input' }),
  stdinFilename: value({ placeholder: 'NAME', parse: someText, help: 'its name in the snapshot (default stdin)' }),
  stdinFromCommand: flag({ help: 'back up what the command after -- prints; when it fails, no snapshot is made' }),
  tag: list({ placeholder: 'TAG[,TAG…]', parse: parseTags, help: 'tags for the snapshot (repeatable)' }),
  host: value({
    short: 'H',
    placeholder: 'HOST',
    parse: anyText,
    env: 'HOST',
    help: 'host of the snapshot (default: this one)',
  }),
  time: value({
    placeholder: 'TIME',
    parse: parsePointInTime,
    help: "time of the snapshot, for instance '2026-11-21 08:30:00'",
  }),
  parent: value({ placeholder: 'SNAPSHOT', parse: anyText, help: 'compare with this snapshot to find changed files' }),
  force: flag({ short: 'f', help: 'read every file again, whatever is known about it' }),
  groupBy: { ...groupByOption, help: `${groupByOption.help}: where the parent is looked for (default host,paths)` },
  skipIfUnchanged: flag({ help: 'make no snapshot when nothing changed since the parent' }),
  dryRun: flag({ short: 'n', help: 'store nothing, only tell what would be done' }),
  withAtime: flag({ help: 'also record when files were last read' }),
  ignoreInode: flag({ help: 'a file with another inode or ctime may be unchanged all the same' }),
  ignoreCtime: flag({ help: 'a file with another ctime may be unchanged all the same' }),
  chunk: value({
    placeholder: 'PROFILE',
    parse: oneOf(CHUNKS),
    choices: CHUNKS,
    help: 'standard, or fine for database dumps and pages: smaller pieces, which more often are stored already',
  }),
  readConcurrency: value({
    placeholder: 'N',
    parse: wholeNumber(1, 64),
    env: 'READ_CONCURRENCY',
    help: 'threads that read and compress (default: one per processor, at most 8)',
  }),
  noCatchUp: flag({ help: 'leave repositories that missed earlier snapshots as they are' }),
  noScan: flag({ help: 'do not count files and bytes ahead, so that nothing is known of the remaining time' }),
  due: flag({
    help: 'run the jobs and the maintenance that are due, and nothing when none is: what timers and cron call',
  }),
  discover: flag({
    help: 'with jobs: containers bring sources with them in their labels, also when hikae.yaml does not say discover:',
  }),
  acceptShrinkage: flag({ help: 'with jobs: a source that has become much smaller is right as it is, this time' }),
}

export const backup = command({
  name: 'backup',
  group: 'Save',
  summary: 'Run jobs of hikae.yaml now, or save files and directories',
  description:
    'Without arguments, all jobs of the stack file run, one after the other; with names of jobs, these. Anything else is a path: ' +
    'it is saved as a new snapshot, and a path that is called like a job is written ./NAME. With --repo there are only paths.\n' +
    'Everything is read once, whatever the number of repositories. Only what changed since the last snapshot is read, and only ' +
    'what the repository does not hold yet is stored. What cannot be read is named, and the exit status is 3. Of several ' +
    'repositories, one that missed earlier snapshots gets them afterwards from one that has them; one in trouble is waited ' +
    'for no longer than two minutes.',
  arguments: [
    { name: 'JOB|PATH', help: 'job to run, or file or directory to save', variadic: true, completes: 'file' },
  ],
  options: backupOptions,
  globals: ['repository', 'connection', 'storage', 'output'],
  examples: [
    ['backup', 'all jobs of hikae.yaml'],
    ['backup nightly', 'one of them'],
    ['backup --discover', 'with what containers bring in their labels hikae.source.NAME.kind'],
    ['backup -r /mnt/usb/hikae ~/documents --exclude node_modules', 'one directory'],
    ['backup -r /mnt/usb/hikae -r /mnt/nas/hikae -p /etc/hikae/password /srv', 'into two repositories at once'],
    [
      'backup --stdin-from-command --stdin-filename shop.dump --chunk fine -- pg_dump -Fc shop',
      'a database dump; when pg_dump fails, there is no snapshot',
    ],
  ],
  async run(input, context) {
    const { jobsAskedFor } = await import('../jobs/asked-for.ts')
    const asked = await jobsAskedFor(input, context)
    if (asked && input.options.due) {
      const { runDue } = await import('../jobs/run-due.ts')
      // Who names jobs means these; maintenance is of the whole stack.
      const maintenance = input.args.length === 0 ? asked.stack.maintenance : []
      return runDue(asked.stack, { jobs: asked.jobs, maintenance }, input.globals, context)
    }
    if (asked) {
      const { runJobs } = await import('../jobs/run-jobs.ts')
      const { acceptShrinkage } = input.options
      return runJobs(asked.jobs, asked.stack, { trigger: 'manual', acceptShrinkage }, input.globals, context)
    }
    const { runBackup } = await import('../backup/run.ts')
    return runBackup(input, context)
  },
})
