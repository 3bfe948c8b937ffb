import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'
import type { PasswordQuestion, PasswordVerdict } from './password-thread.ts'

const port = parentPort!

port.on('message', ({ id, password, hash }: PasswordQuestion) => {
  port.postMessage({ id, matches: compareSync(password, hash) } satisfies PasswordVerdict)
})
