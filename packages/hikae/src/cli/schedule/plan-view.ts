import type { InstallPlan, PlannedFile } from '../../schedules/install/install-plan.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'

const VERBS: Readonly<Record<PlannedFile['action'], string>> = {
  create: 'write',
  replace: 'replace',
  remove: 'remove',
  keep: 'leave as it is',
}

/** What is about to be done. */
export function printPlan({ stop, files, start, untimed }: InstallPlan, out: Output): void {
  if (out.json) {
    const planned = files.map(({ action, path }) => ({ action, path }))
    return out.document({ message_type: 'plan', stop, files: planned, start, untimed })
  }
  for (const timer of stop) out.line(`stop ${timer}`)
  for (const file of files) {
    out.line(`${VERBS[file.action]} ${printableText(file.path)}`)
    if ('content' in file) for (const line of file.content.split('\n')) out.detail(`    ${printableText(line)}`)
  }
  for (const timer of start) out.line(`start ${timer}`)
}

/** Jobs that nothing begins here, with what would. */
export function warnOfUntimed({ untimed }: InstallPlan, changing: ReadonlySet<string>, out: Output): void {
  const watched = untimed.filter((name) => changing.has(name))
  if (watched.length > 0)
    out.warn(`${watched.join(', ')}: runs on changes, which only hikae daemon watches; nothing begins it here`)
}
