import { expect, test } from 'vitest'
import { isBelow } from './path-below.ts'

test('a folder is below itself and above what is in it', () => {
  expect(isBelow('/mnt/usb', '/mnt/usb')).toBe(true)
  expect(isBelow('/mnt/usb/hikae', '/mnt/usb')).toBe(true)
  expect(isBelow('/mnt/usb/..data', '/mnt/usb')).toBe(true)
  expect(isBelow('/mnt', '/mnt/usb')).toBe(false)
  expect(isBelow('/mnt/usb2', '/mnt/usb')).toBe(false)
})
