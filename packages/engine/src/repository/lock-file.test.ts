import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import { decodeLock, encodeLock, type LockFile } from './lock-file.ts'

const lock: LockFile = {
  time: '2024-02-29T12:34:56Z',
  exclusive: true,
  hostname: 'vm',
  username: 'al',
  pid: 7,
  uid: 1,
  gid: 2,
}
const json = '{"time":"2024-02-29T12:34:56Z","exclusive":true,"hostname":"vm","username":"al","pid":7,"uid":1,"gid":2}'

describe('a lock file', () => {
  test('has its fields in the order in which restic writes them', () => {
    expect(encodeLock(lock).toString()).toBe(json)
    expect(decodeLock(Buffer.from(json))).toEqual(lock)
  })

  test('of root has no owner', () => {
    const { uid: _uid, gid: _gid, ...root } = lock
    expect(encodeLock({ ...root, uid: 0, gid: 0 }).toString()).toBe(json.replace(',"uid":1,"gid":2', ''))
    expect(decodeLock(encodeLock(root))).toEqual(root)
  })

  test('of our own says which process holds it; another form of that is passed over', () => {
    const origin = { boot: 'b', namespaces: 'pid:[1]time:[2]', started: 3, machine: 'm' }
    const text = encodeLock({ ...lock, origin }).toString()
    expect(text).toBe(`${json.slice(0, -1)},"hikae":${JSON.stringify(origin)}}`)
    expect(decodeLock(Buffer.from(text))).toEqual({ ...lock, origin })
    for (const other of ['{}', '"later"', '[]', 'null', '{"boot":1,"namespaces":"x"}', '{"boot":"b"}']) {
      expect(decodeLock(Buffer.from(`${json.slice(0, -1)},"hikae":${other}}`))).toEqual(lock)
    }
  })

  test('gives back every name', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, fc.boolean(), fc.nat(), (hostname, username, exclusive, pid) => {
        const any: LockFile = { ...lock, hostname, username, exclusive, pid }
        expect(decodeLock(encodeLock(any))).toEqual(any)
      }),
    )
  })

  test.each([
    ['', 'is not JSON'],
    ['garbage', 'is not JSON'],
    ['[]', 'is not a JSON object'],
    ['{}', 'the time of the lock'],
    [json.replace('true', '1'), 'the exclusiveness of the lock'],
    [json.replace('7', '-7'), 'the process id of the lock'],
    [json.replace('T12', 't12'), 'the time of the lock'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => decodeLock(Buffer.from(text))).toThrow(DamagedError)
    expect(() => decodeLock(Buffer.from(text))).toThrow(message)
  })
})
