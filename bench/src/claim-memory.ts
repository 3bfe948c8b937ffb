import { writeFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { CommandFailedError, output } from './command.ts'

/** Of what is free; the rest is left to others on this machine, and what is cached stays cached. */
const share = 0.85
const pieceBytes = 64 * 1024 ** 2
/** For the program itself. */
const ownBytes = 1e9

/** What a tool that reads or writes so much data may use: the files, the repository, and its own memory. */
export function memoryFor(bytes: number): number {
  return 2 * bytes + ownBytes
}

/**
 * Writes to free memory, in a process that ends then. A virtual machine gets its memory from the host page by page, at the
 * first use, and gives back what lies idle: the program that fills the page cache first would pay for those after it.
 *
 * @returns why it was not done, in a line
 */
export async function claimMemory(wantedBytes: number, signal: AbortSignal): Promise<string | undefined> {
  const bytes = Math.floor(Math.min(wantedBytes, freemem() * share))
  try {
    await output({ file: process.execPath, args: [fileURLToPath(import.meta.url), String(bytes)] }, signal)
    return undefined
  } catch (error) {
    if (!(error instanceof CommandFailedError)) throw error
    const amount = `${(bytes / 1e9).toFixed(1)} GB of free memory`
    return `could not write to ${amount}, so the next program may seem slow: ${error.message}`
  }
}

function write(bytes: number): void {
  // Should memory become short meanwhile, this program is the one to end.
  writeFileSync('/proc/self/oom_score_adj', '1000')
  const pieces: Buffer[] = []
  for (let written = 0; written < bytes; written += pieceBytes) pieces.push(Buffer.alloc(pieceBytes, 1))
}

if (import.meta.main) write(Number(process.argv[2]))
