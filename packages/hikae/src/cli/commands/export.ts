import { command } from '../command.ts'
import { EXPORT_FORMATS } from '../export/formats.ts'
import { parseRecipient } from '../export/recipients.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { list, value } from '../option.ts'
import { oneOf } from '../values/choice.ts'
import { someText } from '../values/text.ts'

export const exportOptions = {
  ...snapshotFilterOptions,
  format: value({
    placeholder: 'FORMAT',
    parse: oneOf(EXPORT_FORMATS),
    choices: EXPORT_FORMATS,
    help: `${EXPORT_FORMATS.join(', ')} (default tar.zst); plain is the content of the one file there is, else a directory`,
  }),
  output: value({
    placeholder: 'FILE',
    parse: someText,
    completes: 'file',
    help: 'new file or existing folder, - for standard output (default: STACK-OR-HOST_YYYYMMDD_HHMMSS here)',
  }),
  ageRecipient: list({
    placeholder: 'KEY',
    parse: parseRecipient,
    help: 'encrypt with age for this public key (repeatable)',
  }),
  gpgRecipient: list({
    placeholder: 'KEY',
    parse: parseRecipient,
    help: 'encrypt with gpg for this key, which it has to know and trust (repeatable)',
  }),
}

export const exportCommand = command({
  name: 'export',
  group: 'Bring back',
  summary: 'Write a snapshot into one file, as backup scripts do',
  description:
    'Everything is verified while it is read. The file gets its name when it is whole and on the disk; when anything goes ' +
    'wrong, no file is left. The exit status of `--output -` has to be looked at: what went before an error cannot be taken back.',
  arguments: [
    { name: 'SNAPSHOT', help: 'id, beginning of an id, or latest; with :PATH, only what is there', required: true },
  ],
  options: exportOptions,
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['export latest --output /mnt/usb', 'all of the newest snapshot as a .tar.zst of its time'],
    ['export latest --path /shop.sql --format plain --output -', 'a database dump to standard output'],
    ['export latest --age-recipient age1… --output offsite.tar.zst.age', 'encrypted for somebody else'],
  ],
  async run(input, context) {
    const { runExport } = await import('../export/run.ts')
    return runExport(input, context)
  },
})
