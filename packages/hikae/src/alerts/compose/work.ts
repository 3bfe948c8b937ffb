import { isMaintenanceTask } from '../../maintenance/task.ts'
import type { Words } from './words.ts'

/** What runs are about, by the names of their jobs: the backup of one and of so many more, or a task of maintenance. */
export function workOf(jobs: readonly string[], words: Words): string {
  const [first = '', ...others] = [...new Set(jobs)]
  const isTask = isMaintenanceTask(first)
  return words.work(isTask ? first : 'backup', words.names(isTask ? words.item.repositories() : first, others.length))
}
