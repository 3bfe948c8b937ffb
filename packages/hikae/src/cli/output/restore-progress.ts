import type { RestoreProgress } from '@hikae/engine'
import { bar } from './bar.ts'
import { formatBytesRoughly, formatCount, formatDuration, formatPercent } from './format.ts'
import type { Output } from './output.ts'
import type { ProgressView } from './progress.ts'
import { displayWidth, truncateEnd, truncateStart } from './width.ts'

const BAR_WIDTH = 20

/** How a running restore looks. */
export function restoreProgressView({ paintError }: Output): ProgressView<RestoreProgress> {
  return {
    lines(progress, width) {
      const head = `[${formatDuration(progress.secondsElapsed)}] `
      const text = ` ${describe(progress)}`
      const first = head + bar(share(progress), BAR_WIDTH, paintError)
      const current = truncateStart(progress.currentFile ?? '', width - 8)
      return [
        first + truncateEnd(text, width - displayWidth(head) - BAR_WIDTH),
        `        ${paintError('dim', current)}`,
      ]
    },
    line: (progress) => `[${formatDuration(progress.secondsElapsed)}] ${describe(progress)}`,
    json: (progress) => ({
      seconds_elapsed: Math.floor(progress.secondsElapsed),
      percent_done: share(progress),
      total_files: progress.filesTotal,
      files_restored: progress.filesDone,
      ...(progress.filesSkipped > 0 ? { files_skipped: progress.filesSkipped } : {}),
      total_bytes: progress.bytesTotal,
      bytes_restored: progress.bytesDone,
      ...(progress.bytesSkipped > 0 ? { bytes_skipped: progress.bytesSkipped } : {}),
    }),
  }
}

function share({ bytesDone, bytesSkipped, bytesTotal }: RestoreProgress): number {
  return bytesTotal === 0 ? 0 : Math.min(1, (bytesDone + bytesSkipped) / bytesTotal)
}

function describe(progress: RestoreProgress): string {
  const { bytesDone, bytesSkipped, bytesTotal, filesDone, filesSkipped, filesTotal, secondsElapsed } = progress
  const done = bytesDone + bytesSkipped
  const rate = secondsElapsed > 0 ? bytesDone / secondsElapsed : 0
  const left = rate > 0 && bytesTotal > done ? `, ${formatDuration((bytesTotal - done) / rate)} left` : ''
  const files = `${formatCount(filesDone + filesSkipped)} of ${formatCount(filesTotal)} files`
  return `${formatPercent(share(progress))}  ${formatBytesRoughly(done)} of ${formatBytesRoughly(bytesTotal)}, ${files}${left}`
}
