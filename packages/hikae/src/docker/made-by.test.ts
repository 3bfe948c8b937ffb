import { describe, test } from 'vitest'
import { isMadeByAnother, isMadeByEnded, madeByUs } from './made-by.ts'

const own = JSON.parse(madeByUs()) as Record<string, unknown>

function label(changed: object): string {
  return JSON.stringify({ ...own, ...changed })
}

describe('what a process has made', () => {
  test('is over when its machine was started anew since', ({ expect }) => {
    const isTold = own['boot'] !== undefined
    expect(isMadeByEnded(label({ boot: 'earlier' }))).toBe(isTold)
    // By a Hikae that told no machine.
    expect(isMadeByEnded(label({ boot: 'earlier', machine: undefined }))).toBe(isTold)
  })

  test('is not over on another machine, be that one of the same name', ({ expect }) => {
    expect(isMadeByEnded(label({ boot: 'theirs', machine: 'theirs' }))).toBe(false)
    expect(isMadeByEnded(label({ boot: 'theirs', host: 'elsewhere' }))).toBe(false)
  })

  test('is not over while it goes on', ({ expect }) => {
    expect(isMadeByEnded(madeByUs())).toBe(false)
    expect(isMadeByAnother(madeByUs())).toBe(false)
    expect(isMadeByEnded('what nobody wrote')).toBe(false)
  })
})
