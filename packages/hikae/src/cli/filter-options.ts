import { list } from './option.ts'
import { parseTagFilter } from './values/tags.ts'
import { anyText } from './values/text.ts'

/** Which snapshots a command considers, or `latest` chooses from. */
export const snapshotFilterOptions = {
  host: list({
    short: 'H',
    placeholder: 'HOST',
    parse: anyText,
    env: 'HOST',
    help: 'only snapshots of this host (repeatable)',
  }),
  tag: list({
    placeholder: 'TAG[,TAG…]',
    parse: parseTagFilter,
    help: 'only snapshots with all these tags (repeatable: any of the sets)',
  }),
  path: list({
    placeholder: 'PATH',
    parse: anyText,
    completes: 'file',
    help: 'only snapshots of this absolute path (repeatable: all of them)',
  }),
}
