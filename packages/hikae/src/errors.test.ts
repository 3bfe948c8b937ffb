import { expect, test } from 'vitest'
import { errorMessage } from './errors.ts'

test('an error that came while tidying up after another says both, the first one first', () => {
  const failing = (): void => {
    using _ = { [Symbol.dispose]: () => fail('the container does not go on') }
    fail('the disk is full')
  }
  expect(messageOf(failing)).toBe('the disk is full; and then: the container does not go on')
})

function fail(message: string): never {
  throw new Error(message)
}

function messageOf(work: () => void): string {
  try {
    work()
    return 'nothing'
  } catch (error) {
    return errorMessage(error)
  }
}
