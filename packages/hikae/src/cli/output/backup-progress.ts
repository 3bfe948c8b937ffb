import type { BackupProgress } from '@hikae/engine'
import { bar } from './bar.ts'
import { formatBytesRoughly, formatCount, formatDuration, formatPercent } from './format.ts'
import type { Output } from './output.ts'
import type { ProgressView } from './progress.ts'
import { displayWidth, truncateEnd, truncateStart } from './width.ts'

const BAR_WIDTH = 20

/** How a running backup looks. */
export function backupProgressView({ paintError }: Output): ProgressView<BackupProgress> {
  return {
    lines(progress, width) {
      const { totalBytes, secondsElapsed } = progress
      const share = totalBytes ? progress.bytesDone / totalBytes : undefined
      const head = `[${formatDuration(secondsElapsed)}] `
      const text = ` ${describe(progress)}`
      const drawn = share !== undefined && displayWidth(head + text) + BAR_WIDTH < width
      const middle = drawn ? bar(share, BAR_WIDTH, paintError) : ''
      const first = head + middle + truncateEnd(text, width - displayWidth(head) - (drawn ? BAR_WIDTH : 0))
      const files = filesText(progress)
      const current = progress.currentFiles[0] ?? ''
      const second = truncateEnd(`        ${files}`, width)
      if (current === '' || width - displayWidth(second) < 12) return [first, second]
      return [first, `${second}  ${paintError('dim', truncateStart(current, width - displayWidth(second) - 2))}`]
    },
    line: (progress) => `[${formatDuration(progress.secondsElapsed)}] ${describe(progress)}, ${filesText(progress)}`,
    json: (progress) => ({
      seconds_elapsed: Math.floor(progress.secondsElapsed),
      ...(progress.secondsRemaining === undefined ? {} : { seconds_remaining: Math.ceil(progress.secondsRemaining) }),
      percent_done: progress.totalBytes ? Math.min(1, progress.bytesDone / progress.totalBytes) : 0,
      ...(progress.totalFiles === undefined ? {} : { total_files: progress.totalFiles }),
      files_done: progress.filesDone,
      ...(progress.totalBytes === undefined ? {} : { total_bytes: progress.totalBytes }),
      bytes_done: progress.bytesDone,
      ...(progress.errors === 0 ? {} : { error_count: progress.errors }),
      ...(progress.currentFiles.length === 0 ? {} : { current_files: progress.currentFiles }),
    }),
  }
}

/** `42.1%  1.200 GiB of 2.900 GiB, 210.000 MiB/s, 0:08 left` */
function describe({ bytesDone, totalBytes, totalIsFinal, bytesPerSecond, secondsRemaining }: BackupProgress): string {
  const parts: string[] = []
  const about = totalIsFinal ? '' : 'about '
  if (totalBytes) parts.push(`${formatBytesRoughly(bytesDone)} of ${about}${formatBytesRoughly(totalBytes)}`)
  else parts.push(formatBytesRoughly(bytesDone))
  if (bytesPerSecond > 0) parts.push(`${formatBytesRoughly(bytesPerSecond)}/s`)
  if (secondsRemaining !== undefined) parts.push(`${formatDuration(secondsRemaining)} left`)
  const percent = totalBytes ? `${formatPercent(bytesDone / totalBytes)}  ` : ''
  return percent + parts.join(', ')
}

function filesText({ filesDone, totalFiles, errors }: BackupProgress): string {
  const total = totalFiles === undefined ? '' : ` of ${formatCount(totalFiles)}`
  return `${formatCount(filesDone)}${total} files${errors > 0 ? `, ${formatCount(errors)} unreadable` : ''}`
}
