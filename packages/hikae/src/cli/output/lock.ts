import type { LockFile, StaleReason } from '@hikae/engine'
import { formatTime } from './format.ts'
import { printableMessage } from './printable.ts'

const REASONS: Readonly<Record<StaleReason, string>> = {
  'process-ended': 'that process has ended',
  'machine-restarted': 'this machine has started anew since',
  'not-refreshed': 'nobody has refreshed it for more than half an hour, nor while it was watched',
}

export function describeRemoval(lock: LockFile, reason: StaleReason): string {
  return `removed the lock ${ownerOf(lock)}: ${REASONS[reason]}`
}

export function describeWatch(lock: LockFile, forMs: number): string {
  const minutes = forMs / 60_000
  return `the lock ${ownerOf(lock)} looks abandoned: it is removed unless something happens to it within ${minutes} min`
}

function ownerOf({ pid, username, hostname, time }: LockFile): string {
  return printableMessage(
    `of process ${pid} of ${username || 'an unknown user'} on ${hostname}, made at ${formatTime(time)}`,
  )
}
