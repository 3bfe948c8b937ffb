import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { watchTerminal } from './hangup.ts'
import { programVersion } from './version.ts'

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** npx and the terminal both hand Ctrl-C on: what comes so soon after the first is the same wish. */
const SAME_WISH_MS = 500

if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write(`hikae ${programVersion()}\n`)
} else {
  await main()
}

async function main(): Promise<void> {
  // A folder of our own: code cached where others may write would be theirs to choose.
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  enableCompileCache(join(cache, 'hikae', 'code'))
  const { runCommandLine } = await import('./run.ts')
  const { InputError, InterruptedError, OutputClosedError } = await import('../errors.ts')
  const { EXIT } = await import('./exit-codes.ts')
  const { argumentText } = await import('./repository/byte-argument.ts')

  const stop = new AbortController()
  const hasHungUp = watchTerminal()
  const hangUps = new EventEmitter()
  let firstSignalAt = 0
  for (const name of INTERRUPTS) {
    process.on(name, () => {
      if (name === 'SIGHUP' && !hasHungUp()) return void hangUps.emit('hang-up')
      // By the signal itself: process.exit would end the threads first, and wait for one that hangs in a dead mount.
      if (firstSignalAt !== 0 && Date.now() - firstSignalAt > SAME_WISH_MS) {
        process.removeAllListeners(name)
        process.kill(process.pid, name)
      }
      firstSignalAt ||= Date.now()
      stop.abort(new InterruptedError(`stopped by ${name}`, { cause: name }))
    })
  }

  let finished = false
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return stop.abort(new OutputClosedError('nobody reads the output any more'))
      stop.abort(new InputError(`cannot write the output: ${error.message}`, { cause: error }))
      if (finished) process.exitCode = EXIT.failed
    })
  }

  process.exitCode = await runCommandLine(commandLine(argumentText), {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    onHangUp: (listener) => void hangUps.on('hang-up', listener),
  })
  finished = true
}

/** Names that are not UTF-8 are legal; Node has replaced their bytes in `process.argv`, the system still has them. */
function commandLine(argumentText: (bytes: Buffer) => string): string[] {
  const given = process.argv.slice(2)
  if (!given.some((argument) => argument.includes('\ufffd'))) return given
  const words = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1)
  return words.slice(-given.length).map((word) => argumentText(Buffer.from(word, 'latin1')))
}
