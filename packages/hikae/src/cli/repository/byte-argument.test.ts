import fc from 'fast-check'
import { expect, test } from 'vitest'
import { argumentBytes, argumentText } from './byte-argument.ts'

test('valid text is itself', () => {
  for (const text of ['/srv/写真 📁', '\ufffd', 'a\u0301']) {
    expect(argumentText(Buffer.from(text))).toBe(text)
    expect(argumentBytes(text)).toBe(Buffer.from(text).toString('latin1'))
  }
})

test('every byte survives the way through the command line', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (array) => {
      const bytes = Buffer.from(array)
      expect(argumentBytes(argumentText(bytes))).toBe(bytes.toString('latin1'))
    }),
  )
})
