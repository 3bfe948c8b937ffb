import { createInterface } from 'node:readline/promises'
import { InterruptedError, UsageError } from '../../errors.ts'
import type { Io } from '../context.ts'

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_U = '\u0015'
const BACKSPACES = ['\u007f', '\b']

/** Asks on the terminal without showing what is typed; without a terminal, takes a line of standard input. */
export async function askSecret(question: string, io: Io): Promise<string> {
  if (!io.stdin.isTTY) return readLine(io)
  io.stderr.write(`${question}: `)
  io.stdin.setRawMode(true)
  io.stdin.setEncoding('utf8')
  try {
    return await readHidden(io)
  } finally {
    io.stdin.setRawMode(false)
    io.stdin.pause()
    io.stderr.write('\n')
  }
}

async function readHidden(io: Io): Promise<string> {
  const typed: string[] = []
  return new Promise((resolve, reject) => {
    const finish = (end: () => void): void => {
      io.stdin.off('data', onData)
      io.signal.removeEventListener('abort', onAbort)
      end()
    }
    const onAbort = (): void => finish(() => reject(io.signal.reason as Error))
    const onData = (text: string): void => {
      for (const character of text) {
        if (character === '\r' || character === '\n' || character === CTRL_D) {
          return finish(() => resolve(typed.join('')))
        }
        if (character === CTRL_C) return finish(() => reject(new InterruptedError('stopped at the password prompt')))
        if (BACKSPACES.includes(character)) typed.pop()
        else if (character === CTRL_U) typed.length = 0
        else typed.push(character)
      }
    }
    io.stdin.on('data', onData)
    io.signal.addEventListener('abort', onAbort, { once: true })
    io.stdin.resume()
  })
}

async function readLine(io: Io): Promise<string> {
  const reader = createInterface({ input: io.stdin })
  try {
    for await (const line of reader) return line.trim()
  } finally {
    reader.close()
  }
  throw new UsageError('no password was given', {
    hint: 'use --password-file, --password-command or HIKAE_PASSWORD_FILE',
  })
}
