import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeTempDir, type TempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import { filesConfig, type FilesConfig } from '../../src/sources/files/config.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { SourceGround } from '../support/source-ground.ts'

export const config = (given: object): FilesConfig => filesConfig.parse(given)

/** A folder to fill, and a repository to save it in. */
export const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('ground', async ({ dir }) => await SourceGround.create(dir))
  .extend('context', ({ dir, ground }) => ground.context(dir.path))

/** Writes files, by their paths below the folder. */
export async function fill(dir: TempDir, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(dir.join(path)), { recursive: true })
    await writeFile(dir.join(path), content)
  }
}

/** Files below a folder by their paths. */
export async function contents(dir: TempDir, folder: string): Promise<Record<string, string>> {
  const entries = await readdir(dir.join(folder), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const read = files
    .sort()
    .map(async (path) => [path.slice(dir.path.length + 1), await readFile(path, 'utf8')] as const)
  return Object.fromEntries(await Promise.all(read))
}

/** Paths of a point below a folder of the test. */
export async function pathsIn(point: SourcePoint, dir: TempDir): Promise<string[]> {
  const paths: string[] = []
  for await (const { path } of point.entries(dir.path)) {
    if (path !== dir.path) paths.push(path.slice(dir.path.length + 1))
  }
  return paths.sort()
}

export async function textOf(point: SourcePoint, path: string): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of point.content(path)) parts.push(part)
  return Buffer.concat(parts).toString()
}
