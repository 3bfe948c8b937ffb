import { test } from 'vitest'
import { Crc64 } from './crc64.ts'

test('the checksum is the one that Redis has in its own test', ({ expect }) => {
  const crc = new Crc64()
  crc.update(Buffer.from('1234'))
  crc.update(Buffer.from('56789'))
  expect(crc.value).toBe(0xe9c6d914c4b8d9can)
})
