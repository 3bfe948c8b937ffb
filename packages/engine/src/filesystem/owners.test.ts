import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { groupName, userName } from './owners.ts'

/** Names by id in a file such as /etc/passwd; the first line of an id counts. */
function entries(file: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [name, , id] = line.split(':')
    if (name !== undefined && id !== undefined && !names.has(Number(id))) names.set(Number(id), name)
  }
  return names
}

test('every user and group of this machine is known by name', () => {
  for (const [uid, name] of entries('/etc/passwd')) expect(userName(uid)).toBe(name)
  for (const [gid, name] of entries('/etc/group')) expect(groupName(gid)).toBe(name)
})

test('this process is who the system says', () => {
  expect(userName(process.getuid?.() ?? -1)).toBe(execFileSync('id', ['-un'], { encoding: 'utf8' }).trim())
})

test('an id without a name has none', () => {
  expect(userName(4_000_000_123)).toBeUndefined()
  expect(groupName(4_000_000_123)).toBeUndefined()
})
