import { expect, test } from 'vitest'
import { rabinTables } from './tables.ts'

test('the tables hold the published values', () => {
  const first = rabinTables(0x3da3358b4dc173n)
  expect(pick(first.out)).toEqual([0x17eb4232e19216n, 0x1275b1ee8ee55fn, 0x5b54453ea6b5cn, 0xb80b98cecc39an])
  expect(pick(first.mod)).toEqual([0x3da3358b4dc173n, 0x46e55e9dd64395n, 0x1012ab55b228ad4dn, 0x1ff7ac8a5af476a7n])

  const second = rabinTables(0x2a1341a909ee51n)
  expect(pick(second.out)).toEqual([0x92918f3c2e2b6n, 0x125231e785c56cn, 0x42006852db4bdn, 0xd8f357777944n])
  expect(pick(second.mod)).toEqual([0x2a1341a909ee51n, 0x5426835213dca2n, 0x101fee62f7d93e02n, 0x1ff3457c3d968e33n])
})

function pick(table: BigUint64Array): unknown[] {
  return [table[1], table[2], table[128], table[255]]
}
