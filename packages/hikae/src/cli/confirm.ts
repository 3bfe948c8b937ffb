import { createInterface } from 'node:readline/promises'
import type { CommandContext } from './context.ts'
import { InterruptedError, UsageError } from '../errors.ts'

/**
 * Asks on the terminal whether to go on; only the whole word counts.
 *
 * @throws {UsageError} there is nobody to ask
 * @throws {InterruptedError} the answer is another
 */
export async function confirm(question: string, { io, out, signal }: CommandContext): Promise<void> {
  if (!io.stdin.isTTY || out.json) {
    throw new UsageError('nothing was done: nobody can be asked', { hint: 'look at the plan, and add --yes' })
  }
  out.flush()
  const reader = createInterface({ input: io.stdin })
  try {
    io.stderr.write(`${question} Type yes to go on: `)
    const closed = new Promise<string>((resolve) => void reader.once('close', () => resolve('')))
    const answer = await Promise.race([reader.question('', { signal }), closed])
    if (answer.trim().toLowerCase() !== 'yes') throw new InterruptedError('nothing was done')
  } finally {
    reader.close()
  }
}
