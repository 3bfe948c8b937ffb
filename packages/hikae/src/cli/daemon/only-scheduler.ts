import { rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { systemCode } from '../../errors.ts'
import { schedulerSocket, type SchedulerSign } from './ask-scheduler.ts'

/**
 * Makes this process the only one that runs the jobs of a stack by their schedules. The system itself tells whether
 * another one lives: it listens.
 *
 * @param folder of the stack's state
 * @param sign what whoever asks is told: see `askScheduler`
 * @returns to be disposed of at the end; undefined when there is such a process already
 */
export async function becomeOnlyScheduler(
  folder: string,
  sign: () => SchedulerSign,
): Promise<AsyncDisposable | undefined> {
  const path = schedulerSocket(folder)
  try {
    return owned(await listen(path, sign))
  } catch (error) {
    if (systemCode(error) !== 'EADDRINUSE') throw error
  }
  if (await isAnswered(path)) return undefined
  // Left by one that was killed.
  await rm(path, { force: true })
  return owned(await listen(path, sign))
}

async function listen(path: string, sign: () => SchedulerSign): Promise<Server> {
  const server = createServer((connection) => {
    // Whoever asks may not wait for the answer.
    connection.on('error', () => connection.destroy())
    connection.end(JSON.stringify(sign()))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return server
}

async function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(path)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}

function owned(server: Server): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}
