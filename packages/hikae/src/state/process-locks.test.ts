import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { makeTempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import { ProcessLocks } from './process-locks.ts'

const test = base.extend('folder', async ({}, { onCleanup }) => {
  // As no other path is: it must not be taken for a part of an address.
  const parent = await makeTempDir()
  onCleanup(() => parent[Symbol.asyncDispose]())
  return await makeTempDir(await mkdtemp(parent.join('a b?c#d%20')))
})

test('a lock is held from when it is asked for until it is given back', async ({ folder, expect }) => {
  using looking = new ProcessLocks(folder.path)
  const holding = new ProcessLocks(folder.path)
  const name = holding.own()
  expect(holding.own()).toBe(name)
  expect([holding.isHeld(name), looking.isHeld(name)]).toEqual([true, true])
  holding[Symbol.dispose]()
  expect([holding.isHeld(name), looking.isHeld(name)]).toEqual([false, false])
  expect(await readdir(folder.join('processes'))).toEqual([])
})

test('sweeping removes what nobody holds', async ({ folder, expect }) => {
  using locks = new ProcessLocks(folder.path)
  locks.sweep()
  const name = locks.own()
  await writeFile(folder.join('processes', 'left'), '')
  expect(locks.isHeld('left')).toBe(false)
  using other = new ProcessLocks(folder.path)
  other.sweep()
  expect(await readdir(folder.join('processes'))).toEqual([name])
  expect(locks.isHeld('never')).toBe(false)
  expect(await readdir(folder.join('processes'))).toEqual([name])
})
