import { describe, test } from 'vitest'
import { exitCodeFor } from './diagnosis.ts'
import { examineCopies } from './examine-copies.ts'
import { examineProgram } from './examine-program.ts'

describe('the exit code of hikae doctor', () => {
  test('is 0 when all is well, 3 with warnings only, 1 with an error', ({ expect }) => {
    const codes = [['ok'], ['ok', 'warning'], ['warning', 'error', 'ok']] as const
    expect(codes.map((verdicts) => exitCodeFor(verdicts.map((verdict) => ({ verdict }))))).toEqual([0, 3, 1])
  })
})

describe('what hikae doctor says', () => {
  test('of copies that are enough is no warning', ({ expect }) => {
    const score = {
      copies: 3,
      media: 2,
      offSite: 1,
      remarks: [],
      missing: { copies: 0, media: 0, offSite: 0 },
      unknownSites: [],
    }
    expect(examineCopies(score)).toEqual([
      { subject: 'copies', verdict: 'ok', message: '3 copies, 2 media, 1 off-site' },
    ])
  })

  test('of an old Node.js is an error', ({ expect }) => {
    expect(examineProgram('1.0.0', '22.1.0')).toMatchObject({ verdict: 'error' })
    expect(examineProgram('1.0.0', '24.0.0')).toMatchObject({ verdict: 'ok' })
  })
})
