import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import {
  booleanField,
  bytesField,
  fieldsOf,
  idField,
  listField,
  numberField,
  parseFields,
  requiredId,
  textField,
  textsField,
} from './fields.ts'

describe('tolerant JSON fields', () => {
  test('are found in any letter case, and other keys do no harm', () => {
    const fields = parseFields(Buffer.from('{"Host_Name":"a","__proto__":{"x":1},"other":2}'), 'the file')
    expect(fields['host_name']).toBe('a')
    expect(fields['x']).toBeUndefined()
  })

  test('must stand in one JSON object', () => {
    for (const text of ['', '{', '[]', 'null', '1', '{}x', '\ufeff{}']) {
      expect(() => parseFields(Buffer.from(text), 'the file')).toThrow(DamagedError)
    }
    expect(() => parseFields(Buffer.from('{"password":"x'), 'the file')).toThrow(/^the file is not JSON$/)
    expect(() => fieldsOf([], 'the thing')).toThrow('the thing is not a JSON object')
  })

  test('read as empty when they are null or absent', () => {
    for (const absent of [undefined, null]) {
      expect(textField(absent, 'it')).toBe('')
      expect(numberField(absent, 'it')).toBe(0)
      expect(booleanField(absent, 'it')).toBe(false)
      expect(idField(absent, 'it')).toBeUndefined()
      expect(listField(absent, 'it')).toEqual([])
      expect(textsField(absent, 'it')).toEqual([])
      expect(bytesField(absent, 'it')).toEqual(Buffer.alloc(0))
      expect(() => requiredId(absent, 'it')).toThrow(DamagedError)
    }
  })

  test('are refused when they have another type', () => {
    expect(() => textField(1, 'its name')).toThrow('its name is not a string')
    for (const value of ['1', 1.5, -1, 2 ** 53, Infinity]) expect(() => numberField(value, 'it')).toThrow(DamagedError)
    expect(() => numberField(256, 'it', 255)).toThrow('it is not a whole number from 0 to 255')
    expect(() => booleanField(1, 'it')).toThrow(DamagedError)
    expect(() => listField({}, 'it')).toThrow(DamagedError)
    expect(() => textsField(['a', 1], 'it')).toThrow(DamagedError)
    for (const value of ['a', 'a===', '*aaa', 'YQ']) expect(() => bytesField(value, 'it')).toThrow(DamagedError)
  })

  test('give ids in lower case', () => {
    expect(requiredId('AB'.repeat(32), 'it')).toBe('ab'.repeat(32))
    expect(() => idField('ab', 'it')).toThrow('it is not an id')
  })
})
