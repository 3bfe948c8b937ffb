import { describe, expect, test } from 'vitest'
import { InputError, InterruptedError, OutputClosedError, UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { printError } from './error.ts'
import { Output } from './output.ts'

function print(error: unknown, { json = false, debug = false } = {}) {
  let stderr = ''
  const stream = {
    write(chunk: string | Uint8Array) {
      stderr += chunk.toString()
      return true
    },
    once: () => undefined,
  }
  const out = new Output({ stdout: stream, stderr: stream, env: {}, json, quiet: false, verbosity: 0 })
  const exitCode = printError(error, out, { debug })
  return { exitCode, stderr }
}

/** Shaped as the engine's errors are. */
class EngineError extends Error {
  readonly hint = 'run `hikae unlock`'
  readonly transient = false
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

describe('printError', () => {
  test.each([
    { error: new UsageError('x'), exitCode: EXIT.usage },
    { error: new InputError('x'), exitCode: EXIT.failed },
    { error: new InterruptedError('x'), exitCode: EXIT.interrupted },
    { error: new EngineError('x', 'REPOSITORY_MISSING'), exitCode: 10 },
    { error: new EngineError('x', 'LOCKED'), exitCode: 11 },
    { error: new EngineError('x', 'WRONG_PASSWORD'), exitCode: 12 },
    { error: new EngineError('x', 'DAMAGED'), exitCode: 1 },
    { error: new Error('x'), exitCode: 1 },
  ])('$error.name $error.code ends with $exitCode', ({ error, exitCode }) => {
    expect(print(error).exitCode).toBe(exitCode)
  })

  test('tells the next step', () => {
    expect(print(new EngineError('the repository is locked', 'LOCKED')).stderr).toBe(
      'hikae: the repository is locked\nnext: run `hikae unlock`\n',
    )
  })

  test('an unexpected error is called a fault; its stack is printed only when asked for', () => {
    const short = print(new TypeError('cannot read properties of undefined')).stderr
    expect(short).toMatch(/^hikae: unexpected error: cannot read properties/)
    expect(short).toContain('HIKAE_DEBUG=1')
    expect(short).not.toContain('error.test.ts')
    expect(print(new TypeError('x', { cause: new Error('deeper') }), { debug: true }).stderr).toMatch(
      /error\.test\.ts[^]*caused by: Error: deeper/,
    )
  })

  test('a name inside a message cannot send commands to the terminal', () => {
    expect(print(new InputError('cannot read \x1b]52;c;cm0gLXJm\x07')).stderr).toContain('\\x1b]52;c;cm0gLXJm\\x07')
  })

  test('when nobody reads the output, nothing is said', () => {
    expect(print(new OutputClosedError('x'))).toEqual({ exitCode: 141, stderr: '' })
  })
})
