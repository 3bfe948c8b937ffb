import fc from 'fast-check'
import { describe, test } from 'vitest'
import { paxRecord, paxTime, xattrRecords } from './pax.ts'

describe('pax records', () => {
  test('count their own length', ({ expect }) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12_000 }), (length) => {
        const record = paxRecord('path', 'x'.repeat(length))
        expect(Number.parseInt(record, 10)).toBe(record.length)
        expect(record.endsWith('\n')).toBe(true)
      }),
    )
  })

  test('hold times to the nanosecond, before 1970 too', ({ expect }) => {
    expect(paxTime('2009-02-13T23:31:30.12Z').text).toBe('1234567890.12')
    expect(paxTime('1969-12-31T23:59:58.5Z').text).toBe('-1.5')
    expect(paxTime('1969-12-31T23:59:59.999999999Z').text).toBe('-0.000000001')
    expect(paxTime('1970-01-01T09:00:00+09:00').text).toBe('0')
  })

  test('escape what would end the name of an attribute', ({ expect }) => {
    const value = Buffer.from([0, 10, 0xff])
    expect(xattrRecords({ extendedAttributes: [{ name: 'user.a=b%', value }] })).toBe(
      '34 SCHILY.xattr.user.a%3Db%25=\0\n\xff\n',
    )
  })
})
