import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test as base, expect } from 'vitest'
import { updatePage } from './docs-page.ts'

const begin = '<!-- measured: script/bench --update-docs writes what follows -->'
const end = '<!-- end of what was measured -->'

const test = base.extend('page', async ({}, { onCleanup }) => {
  const directory = mkdtempSync(join(tmpdir(), 'docs-page-'))
  onCleanup(() => rmSync(directory, { recursive: true }))
  return pathToFileURL(join(directory, 'page.md'))
})

test('only the measured part of a page is replaced, as often as one likes', ({ page }) => {
  writeFileSync(page, `# Before\n\n${begin}\nold\n${end}\n\nAfter\n`)
  updatePage(page, 'first')
  updatePage(page, 'new')
  expect(readFileSync(page, 'utf8')).toBe(`# Before\n\n${begin}\n\nnew\n\n${end}\n\nAfter\n`)
})

test('a page without the comments is refused and left as it is', ({ page }) => {
  writeFileSync(page, '# Nothing to replace\n')
  expect(() => updatePage(page, 'new')).toThrow('lacks the two comments')
  expect(readFileSync(page, 'utf8')).toBe('# Nothing to replace\n')
})
