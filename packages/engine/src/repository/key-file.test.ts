import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import { decodeKeyFile, decodeMasterKey, encodeKeyFile, encodeMasterKey, type KeyFile } from './key-file.ts'

const salt = '3M8kZfPNXMu7U3+oXa3vkqBtdkwS25n5ssepH8CdYo/fs6bboEmbCYwSLSH41o8fq0na/OjNuMxFcqG26dxdCA=='
const data =
  'HkIFFxSB4cp9c694CDHG+Y0ywRMmLdsE1ZUThNX50aN3+qWaKnfspa5eBL1nCLqb4hUEOduPxzxe7oI/CUHO83u29LYugedd95ncwABtX1qr' +
  'VAqaYUtpBhxK/sPO9kzf/gdqFNGAfcVwEiD4kEDQSKih2TR63k4FzcfJ5WDbZTrUReMtdbb4CkOzAS788BofE2UdzoeqKE/FnUahWYEgNA=='
const vector =
  '{"created":"2026-11-21T01:33:25.849071005Z","username":"root","hostname":"vm","kdf":"scrypt","N":32768,"r":8,"p":4,' +
  `"salt":"${salt}","data":"${data}"}`

const file: KeyFile = {
  created: '2026-11-21T01:33:25.849071005Z',
  username: 'root',
  hostname: 'vm',
  kdf: 'scrypt',
  N: 32768,
  r: 8,
  p: 4,
  salt: Buffer.from(salt, 'base64'),
  data: Buffer.from(data, 'base64'),
}

function decodeText(text: string) {
  return decodeKeyFile(Buffer.from(text))
}

describe('a key file', () => {
  test('is the one of the reference repository, both ways', () => {
    expect(encodeKeyFile(file).toString()).toBe(vector)
    expect(decodeText(vector)).toEqual(file)
  })

  test('may be pretty-printed and have other keys', () => {
    expect(decodeText(JSON.stringify({ x: 1, ...JSON.parse(vector) }, undefined, 2))).toEqual(file)
    expect(decodeText(JSON.stringify({ X: 1, ...JSON.parse(vector) }))).toEqual(file)
  })

  test('gives back names and data of any kind', () => {
    const bytes = fc.uint8Array().map((raw) => Buffer.from(raw))
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, bytes, (username, hostname, data) => {
        const any: KeyFile = { ...file, username, hostname, data }
        expect(decodeKeyFile(encodeKeyFile(any))).toEqual(any)
      }),
    )
  })

  test('takes the weakest and the strongest parameters that are allowed', () => {
    expect(decodeKeyFile(encodeKeyFile({ ...file, N: 2, r: 1, p: 1 }))).toMatchObject({ N: 2, r: 1, p: 1 })
    expect(decodeKeyFile(encodeKeyFile({ ...file, N: 2 ** 20, r: 8, p: 10 }))).toMatchObject({ N: 2 ** 20 })
  })

  test.each([
    [{ N: 0 }, 'N must be a power of two'],
    [{ N: 1 }, 'N must be a power of two'],
    [{ N: 3 }, 'N must be a power of two'],
    [{ N: 32768.5 }, 'N in the key file'],
    [{ r: 0 }, 'r and p must be at least 1'],
    [{ p: 0 }, 'r and p must be at least 1'],
    [{ N: 2, r: 32768, p: 32768 }, 'r·p below 2^30'],
    [{ N: 2 ** 21, r: 8 }, 'more than 1 GiB'],
    [{ kdf: 'argon2' as 'scrypt' }, '"argon2"'],
    [{ salt: Buffer.alloc(63) }, '63 bytes instead of 64'],
  ])('with %j is refused', (change, message) => {
    expect(() => decodeKeyFile(encodeKeyFile({ ...file, ...change }))).toThrow(DamagedError)
    expect(() => decodeKeyFile(encodeKeyFile({ ...file, ...change }))).toThrow(message)
  })

  test('that is no key file is refused', () => {
    for (const text of ['', 'x', '[]', '{}', vector.replace(salt, '*')]) {
      expect(() => decodeText(text)).toThrow(DamagedError)
    }
  })
})

describe('the master key', () => {
  const json =
    '{"mac":{"k":"fvN5/rA+Il/Vcuc3e+8qrw==","r":"lM4NFIOvk80sPfCZRtltRQ=="},"encrypt":"bAEVnYZc07cqQN2bc+44/V+ZkSosJL7zYCsZpUcRhxc="}'

  test('is the one of the reference repository, both ways', () => {
    const key = decodeMasterKey(Buffer.from(json))
    expect([key.encrypt.length, key.macK.length, key.macR.length]).toEqual([32, 16, 16])
    expect(Buffer.from(key.macR).toString('hex')).toBe('94ce0d1483af93cd2c3df09946d96d45')
    expect(encodeMasterKey(key).toString()).toBe(json)
  })

  test.each([
    ['a part too short', json.replace('"fvN5/rA+Il/Vcuc3e+8qrw=="', '"fvN5"')],
    ['a part that is all zero', json.replace('fvN5/rA+Il/Vcuc3e+8qrw', 'A'.repeat(22))],
    ['no authentication part', '{"encrypt":"bAEVnYZc07cqQN2bc+44/V+ZkSosJL7zYCsZpUcRhxc="}'],
    ['no JSON', json.slice(1)],
  ])('with %s is refused without repeating it', (_, text) => {
    const decode = () => decodeMasterKey(Buffer.from(text))
    expect(decode).toThrow(DamagedError)
    expect(decode).not.toThrow(/fvN5|bAEV/)
  })
})
