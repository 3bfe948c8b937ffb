import { askDatabase } from './ask.ts'
import { copyDatabase } from './copy.ts'
import { holdDatabase } from './hold.ts'
import { inspectDatabase } from './inspect.ts'
import { lookAtHeader } from './look.ts'
import type { Answer, DatabaseTasks, Request, TaskName } from './tasks.ts'

/**
 * A process of its own for all that is done through SQLite: its calls block, cannot be interrupted from another thread,
 * and a damaged file may crash them; and closing a file in a process that has it open through SQLite too drops SQLite's
 * locks. It does one task at a time and ends with its parent.
 */
const stop = new AbortController()

process.on('message', (request: Request) => {
  if (request.kind === 'stop') stop.abort(new Error('stopped'))
  else void answer(request)
})
// Threads that are still copying would hold up an orderly exit.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

type Task = Exclude<Request, { kind: 'stop' }>

async function answer(task: Task): Promise<void> {
  try {
    send({ kind: 'done', value: await perform(task) })
  } catch (error) {
    send(failure(error))
  }
}

async function perform(task: Task): Promise<DatabaseTasks[TaskName]['gives']> {
  switch (task.kind) {
    case 'look':
      return lookAtHeader(task.given.path)
    case 'copy':
      return await copyDatabase(task.given, stop.signal)
    case 'inspect':
      return inspectDatabase(task.given.path, task.given.check)
    case 'ask':
      return askDatabase(task.given.path, task.given.sql)
    case 'hold':
      return holdDatabase(task.given.path, task.given.timeoutMs)
  }
}

function failure(error: unknown): Answer {
  if (!(error instanceof Error)) return { kind: 'failed', message: String(error) }
  const { message } = error
  if ('errcode' in error && typeof error.errcode === 'number') {
    return { kind: 'failed', message, sqliteCode: error.errcode & 0xff }
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { kind: 'failed', message, ...(code === undefined ? {} : { systemCode: code }) }
}

function send(answer: Answer): void {
  process.send!(answer)
}
