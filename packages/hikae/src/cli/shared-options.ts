import { value } from './option.ts'
import { someOf } from './values/choice.ts'

/** `--group-by host,paths`; the empty text means one group of all. */
export const groupByOption = value({
  short: 'g',
  placeholder: 'GROUP',
  parse: someOf(['host', 'paths', 'tags']),
  help: "host, paths and tags, separated by commas; '' for no groups",
})
