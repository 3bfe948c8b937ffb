import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Cipher, MacMismatchError, type MasterKey, OVERHEAD } from './cipher.ts'
import { isCorrect, portablePrimitives, primitives } from './primitives.ts'

const range = (start: number, length: number) => Buffer.from(Array.from({ length }, (_, index) => start + index))
const key: MasterKey = { macK: range(0, 16), macR: range(0x10, 16), encrypt: range(0x20, 32) }

describe('the authenticated cipher', () => {
  test('opens the unit of the reference vector', () => {
    const unit = Buffer.concat([
      range(0x40, 16),
      Buffer.from('f6acb0a2c6d5c343c96a1f1bd9', 'hex'),
      Buffer.from('ad1ba0e927da9f41bcc8b4bdb32b82ee', 'hex'),
    ])
    expect(new Cipher(key).open(unit).toString()).toBe('hello restic\n')
  })

  test('opens what it sealed, of any length, the empty one included', () => {
    const cipher = new Cipher(key)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (plaintext) => {
        const unit = cipher.seal(plaintext)
        expect(unit.length).toBe(plaintext.length + OVERHEAD)
        expect(cipher.open(unit)).toEqual(Buffer.from(plaintext))
      }),
    )
  })

  test('refuses a unit with any one bit changed, a shortened one and one of another key', () => {
    const cipher = new Cipher(key)
    const unit = cipher.seal(Buffer.from('the only copy'))
    for (let bit = 0; bit < unit.length * 8; bit++) {
      const changed = Buffer.from(unit)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => cipher.open(changed)).toThrow(MacMismatchError)
    }
    expect(() => cipher.open(unit.subarray(0, -1))).toThrow(MacMismatchError)
    expect(() => cipher.open(unit.subarray(0, 10))).toThrow(MacMismatchError)
    expect(() => new Cipher({ ...key, macK: range(1, 16) }).open(unit)).toThrow(MacMismatchError)
  })

  test('never uses an initialisation vector twice', () => {
    const cipher = new Cipher(key)
    const seen = new Set<string>()
    for (let count = 0; count < 2000; count++) seen.add(cipher.seal(Buffer.alloc(0)).subarray(0, 16).toString('hex'))
    expect(seen.size).toBe(2000)
  })

  test('does not accept an all-zero key', () => {
    expect(() => new Cipher({ ...key, macR: Buffer.alloc(16) })).toThrow(RangeError)
  })
})

describe('primitives', () => {
  test('native code is used here, and agrees with the portable code', () => {
    expect(primitives()).not.toBe(portablePrimitives)
    expect(isCorrect(primitives())).toBe(true)
    expect(isCorrect(portablePrimitives)).toBe(true)
  })

  test('code that gives a wrong answer is not trusted', () => {
    expect(isCorrect({ ...portablePrimitives, poly1305: (_key, _input, tag) => tag.fill(1) })).toBe(false)
  })
})
