import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test as base, expect } from 'vitest'
import { volume } from './volume.ts'

const count = 1000

const test = base.extend('directory', async ({}, { onCleanup }) => {
  const directory = mkdtempSync(join(tmpdir(), 'volume-'))
  onCleanup(() => rmSync(directory, { recursive: true }))
  const content = join(directory, 'content')
  for (const name of ['app', 'logs']) mkdirSync(join(content, name), { recursive: true })
  for (let number = 0; number < count; number++) writeFileSync(join(content, 'app', `${number}`), `file ${number}`)
  for (const name of ['access.log', 'audit.log']) writeFileSync(join(content, 'logs', name), 'log\n')
  return directory
})

function contentsOf(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name))
  return new Map(paths.map((path) => [relative(directory, path), readFileSync(path, 'latin1')]))
}

test('in a day, one file of a hundred is changed or new, some are removed, and logs grow', ({ directory }) => {
  const content = join(directory, 'content')
  const before = contentsOf(content)
  volume.passDay(content, 2, 0.01)
  const after = contentsOf(content)
  const changed = [...before].filter(([path, was]) => after.has(path) && after.get(path) !== was)
  const logs = changed.filter(([path]) => path.startsWith('logs/'))
  expect(logs).toHaveLength(2)
  expect((changed.length - logs.length) / count).toBeCloseTo(0.005, 2)
  expect(changed.length).toBeGreaterThan(logs.length)
  const uploads = [...after.keys()].filter((path) => path.startsWith('uploads/day-2/'))
  expect(uploads).toHaveLength(count * 0.005)
  expect(statSync(join(content, uploads[0]!)).size).toBeGreaterThanOrEqual(10_000)
  expect([...before.keys()].some((path) => !after.has(path))).toBe(true)
})

test('the same day does the same, and the next one something else', ({ directory }) => {
  const [one, other] = [join(directory, 'content'), join(directory, 'copy')]
  cpSync(one, other, { recursive: true })
  volume.passDay(one, 2, 0.01)
  volume.passDay(other, 2, 0.01)
  expect(contentsOf(one)).toEqual(contentsOf(other))
  const before = contentsOf(one)
  volume.passDay(one, 3, 0.01)
  volume.passDay(other, 2, 0.01)
  expect(contentsOf(one)).not.toEqual(before)
  expect(contentsOf(one)).not.toEqual(contentsOf(other))
})
