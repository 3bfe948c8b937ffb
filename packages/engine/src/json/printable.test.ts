import { expect, test } from 'vitest'
import { isPrintable } from './printable.ts'

test('printable are the graphic characters of Unicode 15.0 except spaces, and no later ones', () => {
  const printableToday = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u
  let count = 0
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
    if (!isPrintable(codePoint)) continue
    count++
    if (!printableToday.test(String.fromCodePoint(codePoint))) expect.unreachable(`U+${codePoint.toString(16)}`)
  }
  // The Unicode 15.0 standard counts 149 014 graphic characters, 17 of them spaces.
  expect(count).toBe(149_014 - 17)
})

test.each([
  ['!', true],
  [' ', false],
  ['\u00a0', false],
  ['\u3000', false],
  ['\u200d', false],
  ['\ue000', false],
  ['\u0378', false],
  ['\ufffd', true],
  ['\u{1f600}', true],
  ['\u{1fae8}', true], // new in 15.0
  ['\u{2ebf0}', false], // new in 15.1
  ['\u{1fae9}', false], // new in 16.0
  ['\u{e0041}', false],
  ['\u{10ffff}', false],
])('%j is printable: %s', (character, printable) => {
  expect(isPrintable(character.codePointAt(0)!)).toBe(printable)
})
