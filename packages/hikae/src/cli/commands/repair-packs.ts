import type { LostBlob, RepairPacksReport, SalvagePlan } from '@hikae/engine'
import { command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { flag, value } from '../option.ts'
import { formatBytes, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableMessage, printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { chooseId } from '../repository/id-choice.ts'
import { writePackCopy } from '../repository/pack-copies.ts'
import { packSizeOption } from '../pack-size.ts'
import { openSession } from '../repository/session.ts'
import { someText } from '../values/text.ts'

export const repairPacks = command({
  name: 'repair packs',
  group: 'Keep house',
  summary: 'Save what can be read of damaged packs, and remove them',
  description:
    'hikae check --read-data names damaged packs. What is whole in them is stored anew; a copy of each is kept as pack-ID in ' +
    'the current directory. With exit code 3, some of their content is lost: back up again, then run hikae check.',
  arguments: [{ name: 'PACK', help: 'id or beginning of the id', required: true, variadic: true }],
  options: {
    keep: value({
      placeholder: 'DIRECTORY',
      parse: someText,
      completes: 'directory',
      help: 'where to keep copies of the packs as they were (default: the current directory)',
    }),
    dryRun: flag({ short: 'n', help: 'change nothing, only tell what would be lost' }),
  },
  globals: ['repository', 'connection', 'storage', 'output'],
  examples: [
    ['repair packs 1f2e3d4c --dry-run', 'what is left of it'],
    ['repair packs 1f2e3d4c --keep /mnt/usb', 'after check said so'],
  ],
  async run({ options: { keep = '.', dryRun }, globals, args }, context) {
    const engine = await import('@hikae/engine')
    const { out } = context
    await using session = await openSession(globals, context, {
      lock: dryRun ? 'shared' : 'exclusive',
      cache: 'none',
      readOnly: dryRun,
    })
    const packs = new Set<Awaited<ReturnType<typeof chooseId>>>()
    for (const prefix of args) packs.add(await chooseId(session, 'pack', prefix))
    const report = await engine.repairPacks(session.repository, packs, {
      keepCopy: async (pack, content) => {
        const path = await writePackCopy(keep, pack, content)
        out.note(`kept a copy as ${printableText(path)}`)
      },
      ...packSizeOption(globals),
      dryRun,
      signal: session.signal,
      confirmLock: async () => await session.lock?.confirm(),
      onPlan: (plan) => printPlan(plan, out),
    })
    print(report, dryRun, out)
    return report.lost.length + report.notCopied.length === 0 ? EXIT.succeeded : EXIT.incomplete
  },
})

function printPlan(plan: readonly SalvagePlan[], out: Output): void {
  for (const { id, size, blobs, headerProblem } of out.json ? [] : plan) {
    const header = headerProblem === undefined ? '' : ': its header cannot be read, so that only the index tells'
    out.line(`pack ${shortId(id)}, ${formatBytes(size)}, should hold ${formatQuantity(blobs.length, 'blob')}${header}`)
  }
}

function print(report: RepairPacksReport, dryRun: boolean, out: Output): void {
  for (const blob of report.lost) printLost(blob, out)
  for (const { id, reason } of report.notCopied) {
    const message = `pack ${shortId(id)} is not removed, since it could not be copied: ${reason}`
    out.problem(`${out.paintError('red', 'error:')} ${printableMessage(message)}`, { message_type: 'error', message })
  }
  if (out.json) return out.document(summaryJson(report, dryRun))
  const saved = formatQuantity(report.blobsSaved, 'blob')
  const packs = formatQuantity(report.removed.length, 'pack')
  out.line(dryRun ? `would save ${saved} and remove ${packs}` : `saved ${saved} and removed ${packs}`)
  if (report.lost.length === 0) return
  out.line(out.paint('yellow', `${formatQuantity(report.lost.length, 'blob')} lost`))
  out.line('next: back up again: data that still exists is stored anew and heals older snapshots')
  out.line('next: hikae check')
}

function printLost({ type, id, pack, reason }: LostBlob, out: Output): void {
  const message = `${type} blob ${shortId(id)} of pack ${shortId(pack)} is lost: ${reason}`
  out.problem(`${out.paintError('red', 'error:')} ${printableMessage(message)}`, {
    message_type: 'error',
    kind: 'blob-lost',
    type,
    id,
    pack,
    message,
  })
}

function summaryJson(report: RepairPacksReport, dryRun: boolean): object {
  return {
    message_type: 'summary',
    packs: report.packs.map(({ id }) => id),
    blobs_saved: report.blobsSaved,
    blobs_lost: report.lost.length,
    new_packs: report.newPacks,
    removed_packs: report.removed,
    packs_not_copied: report.notCopied.map(({ id }) => id),
    ...(dryRun ? { dry_run: true } : {}),
  }
}
