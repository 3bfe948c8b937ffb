import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import type { TreeId } from '../ids.ts'
import { decodeSnapshot, encodeSnapshot } from './codec.ts'
import type { Snapshot } from './snapshot.ts'

const vector =
  '{"time":"2024-02-29T12:34:56Z","tree":"20751b5229a7208b8eb9d4d8e40187128e00213b2e454083c96cd63266e37f94","paths":["/hello.txt"],"hostname":"vector","username":"root","tags":["t1"],"program_version":"restic 0.18.0","summary":{"backup_start":"2026-11-21T01:33:37.316089994Z","backup_end":"2026-11-21T01:33:38.087453826Z","files_new":1,"files_changed":0,"files_unmodified":0,"dirs_new":0,"dirs_changed":0,"dirs_unmodified":0,"data_blobs":1,"tree_blobs":1,"data_added":269,"data_added_packed":342,"total_files_processed":1,"total_bytes_processed":13}}'

const tree = '20751b5229a7208b8eb9d4d8e40187128e00213b2e454083c96cd63266e37f94' as TreeId

const snapshot: Snapshot = {
  time: '2024-02-29T12:34:56Z',
  tree,
  paths: ['/hello.txt'],
  hostname: 'vector',
  username: 'root',
  tags: ['t1'],
  programVersion: 'restic 0.18.0',
  summary: {
    backupStart: '2026-11-21T01:33:37.316089994Z',
    backupEnd: '2026-11-21T01:33:38.087453826Z',
    filesNew: 1,
    filesChanged: 0,
    filesUnmodified: 0,
    dirsNew: 0,
    dirsChanged: 0,
    dirsUnmodified: 0,
    dataBlobs: 1,
    treeBlobs: 1,
    dataAdded: 269,
    dataAddedPacked: 342,
    totalFilesProcessed: 1,
    totalBytesProcessed: 13,
  },
}

function decodeWith(fields: Record<string, unknown>) {
  return decodeSnapshot(Buffer.from(JSON.stringify({ ...(JSON.parse(vector) as object), ...fields })))
}

describe('a snapshot file', () => {
  test('is the one of the reference repository, both ways', () => {
    expect(encodeSnapshot(snapshot).toString()).toBe(vector)
    expect(encodeSnapshot(snapshot)).toHaveLength(547)
    expect(decodeSnapshot(Buffer.from(vector))).toEqual(snapshot)
  })

  test('has all fields in order', () => {
    const full: Snapshot = {
      ...{ time: '2024-02-29T12:34:56Z', parent: tree, tree, paths: ['/a<b', '/ä'] },
      ...{ hostname: 'h', username: 'u', uid: 1000, gid: 100, excludes: ['*.o'], tags: ['t', 'ü'] },
      ...{ original: tree, programVersion: 'hikae 1' },
    }
    const json =
      `{"time":"2024-02-29T12:34:56Z","parent":"${tree}","tree":"${tree}","paths":["/a\\u003cb","/ä"],"hostname":"h",` +
      `"username":"u","uid":1000,"gid":100,"excludes":["*.o"],"tags":["t","ü"],"original":"${tree}","program_version":"hikae 1"}`
    expect(encodeSnapshot(full).toString()).toBe(json)
    expect(decodeSnapshot(Buffer.from(json))).toEqual(full)
  })

  test('omits what is empty or zero', () => {
    const bare: Snapshot = { time: '2024-02-29T12:34:56Z', tree, paths: [] }
    const empty: Snapshot = {
      ...bare,
      hostname: '',
      username: '',
      uid: 0,
      gid: 0,
      excludes: [],
      tags: [],
      programVersion: '',
    }
    const json = `{"time":"2024-02-29T12:34:56Z","tree":"${tree}","paths":[]}`
    expect(encodeSnapshot(empty).toString()).toBe(json)
    expect(decodeSnapshot(Buffer.from(json))).toEqual(bare)
  })

  test('may have unknown fields, no paths, capitals and an incomplete summary', () => {
    expect(decodeWith({ label: 'x', delete: { at: 1 } })).toEqual(snapshot)
    expect(decodeWith({ paths: null }).paths).toEqual([])
    expect(decodeSnapshot(Buffer.from(vector.replace('"hostname"', '"HostName"')))).toEqual(snapshot)
    expect(decodeWith({ summary: { files_new: 7, x: 1 } }).summary).toEqual({
      ...Object.fromEntries(Object.keys(snapshot.summary!).map((key) => [key, 0])),
      ...{ filesNew: 7, backupStart: '0001-01-01T00:00:00Z', backupEnd: '0001-01-01T00:00:00Z' },
    })
  })

  test('gives back every text', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 })
    const texts = fc.array(text, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(text, texts, texts, (hostname, paths, tags) => {
        const any = { ...snapshot, hostname, paths, tags }
        expect(decodeSnapshot(encodeSnapshot(any))).toEqual(any)
      }),
    )
  })

  test.each([
    [{ tree: null }, 'the tree of the snapshot is not an id'],
    [{ tree: 'x' }, 'the tree of the snapshot is not an id'],
    [{ time: null }, 'the time of the snapshot'],
    [{ time: 'yesterday' }, '"yesterday"'],
    [{ paths: '/a' }, 'the paths of the snapshot'],
    [{ uid: -1 }, 'the uid of the snapshot'],
    [{ tags: [1] }, 'the tags of the snapshot'],
    [{ parent: 'x' }, 'the parent of the snapshot'],
    [{ summary: 1 }, 'the summary of the snapshot is not a JSON object'],
    [{ summary: { data_added: 'x' } }, 'data_added in the summary'],
  ])('with %j is refused: %s', (fields, message) => {
    expect(() => decodeWith(fields)).toThrow(DamagedError)
    expect(() => decodeWith(fields)).toThrow(message)
  })

  test('that is not JSON is refused', () => {
    expect(() => decodeSnapshot(Buffer.from(vector.slice(1)))).toThrow(DamagedError)
  })
})
