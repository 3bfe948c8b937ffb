/**
 * What is done to repositories by schedule. Runs, timers and messages carry these words where those of jobs carry the name of
 * the job: no job may be called so.
 */
export const MAINTENANCE_TASKS = ['check', 'prune'] as const

export type MaintenanceTask = (typeof MAINTENANCE_TASKS)[number]

/** Whether a run is one of maintenance, by the name that stands for its job. */
export function isMaintenanceTask(name: string): name is MaintenanceTask {
  return MAINTENANCE_TASKS.some((task) => task === name)
}
