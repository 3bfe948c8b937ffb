import { readFileSync, writeFileSync } from 'node:fs'

const begin = '<!-- measured: script/bench --update-docs writes what follows -->'
const end = '<!-- end of what was measured -->'

/** Replaces the measured part of a page and leaves the rest of it alone. */
export function updatePage(file: URL, tables: string): void {
  const page = readFileSync(file, 'utf8')
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${file.pathname} lacks the two comments that enclose the measured part`)
  writeFileSync(file, `${page.slice(0, from)}${begin}\n\n${tables}\n\n${page.slice(to)}`)
}
