import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import { decodeConfig, encodeConfig, RepositoryVersionError } from './config.ts'

const id = 'f361c95ff7a48342028e07808736ac1ff057d10ffd50dfb594a717636e227bff'
const vector = `{"version":2,"id":"${id}","chunker_polynomial":"3179dbc0ec90bb"}`

function decodeText(text: string) {
  return decodeConfig(Buffer.from(text))
}

describe('the config', () => {
  const config = { version: 2, id, chunkerPolynomial: 0x3179dbc0ec90bbn } as const

  test('is the one of the reference repository, both ways', () => {
    expect(encodeConfig(config).toString()).toBe(vector)
    expect(decodeText(vector)).toEqual(config)
    expect(encodeConfig(config).length + 32).toBe(155)
  })

  test('may have spaces, other keys and capitals', () => {
    expect(decodeText(`\n{ "x": [1], "ID": "${id}", "version": 2, "chunker_polynomial": "3179DBC0EC90BB" }\n`)).toEqual(
      config,
    )
  })

  test('gives back every version, id and polynomial', () => {
    const ids = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => Buffer.from(raw).toString('hex'))
    const versions = fc.constantFrom(1 as const, 2 as const)
    fc.assert(
      fc.property(versions, ids, fc.bigInt({ min: 0n, max: 2n ** 54n }), (version, id, chunkerPolynomial) => {
        const any = { version, id, chunkerPolynomial }
        expect(decodeConfig(encodeConfig(any))).toEqual(any)
      }),
    )
  })

  test('of a future version is refused as such, whatever else is in it', () => {
    expect(() => decodeText('{"version":3,"id":7}')).toThrow(RepositoryVersionError)
    expect(() => decodeText('{"version":3}')).toThrow('format version 3')
  })

  test.each([
    ['', 'the config file is empty'],
    ['(\u00b5/\u00fd', 'the config file is not JSON'],
    ['[]', 'is not a JSON object'],
    ['{}', 'no version'],
    [vector.replace('2', '0'), 'no version'],
    [vector.replace('2', '"2"'), 'the version in the config file'],
    [vector.replace(id, 'f3'), 'the id in the config file'],
    [vector.replace('3179dbc0ec90bb', ''), 'chunker polynomial'],
    [vector.replace('3179dbc0ec90bb', '0x3179dbc0ec'), 'chunker polynomial'],
    [vector.replace('"3179dbc0ec90bb"', '3179'), 'chunker polynomial'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => decodeText(text)).toThrow(DamagedError)
    expect(() => decodeText(text)).toThrow(message)
  })
})
