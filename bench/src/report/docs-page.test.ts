import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test as base, expect } from 'vitest'
import { updatePage } from './docs-page.ts'

const begin = '<!-- measured: script/bench --update-docs writes what follows -->'
const beginHuge = '<!-- measured: script/bench --only million,sparse,blobs --update-docs writes what follows -->'
const end = '<!-- end of what was measured -->'

const test = base.extend('page', async ({}, { onCleanup }) => {
  const directory = mkdtempSync(join(tmpdir(), 'docs-page-'))
  onCleanup(() => rmSync(directory, { recursive: true }))
  return pathToFileURL(join(directory, 'page.md'))
})

test('only the measured part of a page is replaced, as often as one likes', ({ page }) => {
  writeFileSync(page, `# Before\n\n${begin}\nold\n${end}\n\nAfter\n`)
  updatePage(page, 'usual', 'first')
  updatePage(page, 'usual', 'new')
  expect(readFileSync(page, 'utf8')).toBe(`# Before\n\n${begin}\n\nnew\n\n${end}\n\nAfter\n`)
})

test('what was measured of the usual data sets and of the huge ones is replaced apart', ({ page }) => {
  writeFileSync(page, `${begin}\nold\n${end}\n\n## Huge\n\n${beginHuge}\nold huge\n${end}\n`)
  updatePage(page, 'huge', 'new huge')
  expect(readFileSync(page, 'utf8')).toBe(`${begin}\nold\n${end}\n\n## Huge\n\n${beginHuge}\n\nnew huge\n\n${end}\n`)
  updatePage(page, 'usual', 'new')
  expect(readFileSync(page, 'utf8')).toBe(
    `${begin}\n\nnew\n\n${end}\n\n## Huge\n\n${beginHuge}\n\nnew huge\n\n${end}\n`,
  )
})

test.for([
  { lack: 'both', text: '# Nothing to replace\n' },
  { lack: 'the last one', text: `# Page\n${begin}\nold\n` },
  { lack: 'the last one before the next part', text: `${begin}\nold\n${beginHuge}\nold\n${end}\n` },
])('a page without $lack of the comments is refused and left as it is', ({ text }, { page }) => {
  writeFileSync(page, text)
  expect(() => updatePage(page, 'usual', 'new')).toThrow('lacks the two comments')
  expect(readFileSync(page, 'utf8')).toBe(text)
})
