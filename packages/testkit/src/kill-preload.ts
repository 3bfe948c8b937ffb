/**
 * Loaded into a program under test before the program itself, see `killable.ts`. It counts the calls that change a
 * repository, and ends or signals the process at the one that is asked for.
 */
import { linkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { KILL_ORDER, type KillOrder } from './killable.ts'
import { isChange, watchSystemCalls } from './system-calls.ts'

// Threads inherit the environment and the preload; what changes a repository is the main thread.
const order = process.env[KILL_ORDER]
if (order !== undefined && isMainThread) obey(JSON.parse(order) as KillOrder)

function obey({ folder, at, when = 'before', signal = 'SIGKILL', record }: KillOrder): void {
  let changes = 0
  const watch = watchSystemCalls(folder, (call) => {
    if (!isChange(call)) return undefined
    changes++
    if (record !== undefined && call.to !== undefined) linkSync(call.path, join(record, `${changes}`))
    return changes === at ? { kind: 'kill', when, signal } : undefined
  })
  if (record === undefined) return
  process.on('exit', () => writeFileSync(join(record, 'changes.json'), JSON.stringify(watch.calls.filter(isChange))))
}
