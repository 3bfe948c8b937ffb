import { parentPort } from 'node:worker_threads'
import { flattenError } from './thread-error.ts'

/** What a worker thread does; `report` sends an event of the running task, or of none. */
export interface WorkerLogic<Task, Result, Notice> {
  run(task: Task): { result: Result; transfer?: ArrayBuffer[] }
  notice?(notice: Notice): void
}

/** Sends an event to the pool; with `task` false it goes to the pool's own `onEvent`. */
export type Report<Event> = (event: Event, options?: { ofTask?: boolean; transfer?: ArrayBuffer[] }) => void

type ToWorker<Task, Notice> =
  | { kind: 'task'; number: number; task: Task }
  | { kind: 'notice'; notice: Notice }
  | { kind: 'stop' }

/** Connects a worker's logic to the pool that started the thread. */
export function serveTasks<Task, Result, Event, Notice>(
  start: (report: Report<Event>) => WorkerLogic<Task, Result, Notice>,
): void {
  const port = parentPort!
  let current: number | undefined
  const logic = start((event, { ofTask = false, transfer = [] } = {}) => {
    port.postMessage({ kind: 'event', task: ofTask ? current : undefined, event }, transfer)
  })
  port.on('message', (message: ToWorker<Task, Notice>) => {
    if (message.kind === 'stop') {
      port.close()
      return
    }
    if (message.kind === 'notice') {
      logic.notice?.(message.notice)
      return
    }
    current = message.number
    try {
      const { result, transfer = [] } = logic.run(message.task)
      port.postMessage({ kind: 'result', task: current, result }, transfer)
    } catch (error) {
      port.postMessage({ kind: 'failure', task: current, error: flattenError(error) })
    }
  })
}
