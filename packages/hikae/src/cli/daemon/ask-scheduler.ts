import { connect } from 'node:net'
import { join } from 'node:path'
import { z } from 'zod'

const schedulerSign = z.object({
  /** `due`: it runs what is due now, and ends. */
  role: z.enum(['daemon', 'due']),
  pid: z.number(),
  /** Names of jobs and of maintenance. */
  running: z.array(z.string()),
  /** When it last looked what is due; absent before it did. */
  lookedAt: z.iso.datetime().optional(),
})

/** What the process that runs the jobs of a stack says of itself. */
export type SchedulerSign = z.output<typeof schedulerSign>

export type SchedulerAnswer =
  | { readonly kind: 'absent' }
  /** It has the place, and is too busy or too broken to answer. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'answers'; readonly sign: SchedulerSign }

const PATIENCE_MS = 10_000

/** Where it listens. @param folder of the stack's state */
export function schedulerSocket(folder: string): string {
  return join(folder, 'daemon.sock')
}

/** Asks the process that runs the jobs of a stack, if there is one, for a sign of life. */
export async function askScheduler(folder: string, patienceMs = PATIENCE_MS): Promise<SchedulerAnswer> {
  const text = await answerOf(schedulerSocket(folder), patienceMs)
  if (text === undefined) return { kind: 'absent' }
  try {
    return { kind: 'answers', sign: schedulerSign.parse(JSON.parse(text)) }
  } catch {
    return { kind: 'silent' }
  }
}

/** Undefined when nobody listens. */
async function answerOf(path: string, patienceMs: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  let [isConnected, text] = [false, '']
  const connection = connect(path)
  const timer = setTimeout(() => connection.destroy(), patienceMs)
  connection.setEncoding('utf8')
  connection.once('connect', () => (isConnected = true))
  connection.on('data', (part: string) => (text += part))
  connection.once('error', () => undefined)
  connection.once('close', () => resolve(isConnected ? text : undefined))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
  }
}
