import { closeSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { OPENING } from '../restore-protocol.ts'
import { openForWriting, setLength, writeSparsely } from './output-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('files of a restore', () => {
  const runs = fc.array(fc.record({ byte: fc.constantFrom(0, 0, 7), length: fc.integer({ min: 1, max: 20_000 }) }), {
    maxLength: 8,
  })

  test('hold the same with holes as without, new or not, wherever a part begins', ({ expect }) => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 0, max: 9000 }), fc.boolean(), (runs, position, isNew) => {
        const content = Buffer.concat(runs.map(({ byte, length }) => Buffer.alloc(length, byte)))
        const path = join(folder, 'file')
        rmSync(path, { force: true })
        if (!isNew) writeFileSync(path, Buffer.alloc(position + content.length, 9))
        const descriptor = openForWriting(path, isNew ? OPENING.create : OPENING.existing)
        writeSparsely(descriptor, content, position, isNew)
        setLength(descriptor, position + content.length)
        closeSync(descriptor)
        const before = Buffer.alloc(position, isNew ? 0 : 9)
        expect(readFileSync(path).equals(Buffer.concat([before, content]))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('are private until they get their mode, and never written through a symlink', ({ expect }) => {
    const path = join(folder, 'file')
    closeSync(openForWriting(path, OPENING.create))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(() => openForWriting(path, OPENING.create)).toThrow('EEXIST')
    writeFileSync(join(folder, 'outside'), 'outside')
    symlinkSync('outside', join(folder, 'link'))
    expect(() => openForWriting(join(folder, 'link'), OPENING.existing)).toThrow('ELOOP')
    expect(() => openForWriting(join(folder, 'link'), OPENING.create)).toThrow('EEXIST')
    closeSync(openForWriting(join(folder, 'link'), OPENING.replace))
    expect(readFileSync(join(folder, 'outside'), 'utf8')).toBe('outside')
  })

  test('take the place of an empty directory only', ({ expect }) => {
    mkdirSync(join(folder, 'empty'))
    mkdirSync(join(folder, 'full/inside'), { recursive: true })
    closeSync(openForWriting(join(folder, 'empty'), OPENING.replace))
    expect(statSync(join(folder, 'empty')).isFile()).toBe(true)
    expect(() => openForWriting(join(folder, 'full'), OPENING.replace)).toThrow('ENOTEMPTY')
    expect(() => openForWriting(join(folder, 'full'), OPENING.existing)).toThrow('EISDIR')
  })
})
