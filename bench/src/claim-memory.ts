import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CommandFailedError, output } from './command.ts'

/** Of what is available; the rest is left to others on this machine. */
const share = 0.85
const pieceBytes = 64 * 1024 ** 2

/**
 * Writes to most of the memory that is free, in a process that ends then. A virtual machine gets its memory from the host
 * page by page, at the first use: the program that fills the page cache first would pay for all that come after it.
 *
 * @param scale of the data; small data needs little @returns what was done, or why it was not, in a line
 */
export async function claimMemory(scale: number, signal: AbortSignal): Promise<string> {
  const bytes = Math.floor(process.availableMemory() * share * Math.min(1, scale))
  const amount = `${(bytes / 1e9).toFixed(1)} GB of free memory`
  try {
    await output({ file: process.execPath, args: [fileURLToPath(import.meta.url), String(bytes)] }, signal)
    return `wrote to ${amount} once, so that no program waits for what the host has yet to give`
  } catch (error) {
    if (!(error instanceof CommandFailedError)) throw error
    return `could not write to ${amount}, so the first programs may seem slow: ${error.message}`
  }
}

function write(bytes: number): void {
  // Should memory become short meanwhile, this program is the one to end.
  writeFileSync('/proc/self/oom_score_adj', '1000')
  const pieces: Buffer[] = []
  for (let written = 0; written < bytes; written += pieceBytes) pieces.push(Buffer.alloc(pieceBytes, 1))
}

if (import.meta.main) write(Number(process.argv[2]))
