import { readFileSync, writeFileSync } from 'node:fs'
import { type SectionName, sections } from '../data/sections.ts'

const begins: Readonly<Record<SectionName, string>> = {
  usual: '<!-- measured: script/bench --update-docs writes what follows -->',
  huge: beginOf(sections.huge),
  remote: beginOf(sections.remote),
  volume: beginOf(sections.volume),
}
const end = '<!-- end of what was measured -->'

function beginOf(names: readonly string[]): string {
  return `<!-- measured: script/bench --only ${names.join(',')} --update-docs writes what follows -->`
}

/** Replaces one measured part of a page and leaves the rest of it alone. */
export function updatePage(file: URL, section: SectionName, tables: string): void {
  const page = readFileSync(file, 'utf8')
  const begin = begins[section]
  const from = page.indexOf(begin)
  const to = page.indexOf(end, from)
  const inside = page.slice(from + begin.length, to)
  if (from < 0 || to < 0 || Object.values(begins).some((other) => inside.includes(other))) {
    throw new Error(`${file.pathname} lacks the two comments that enclose the measured part (${section})`)
  }
  writeFileSync(file, `${page.slice(0, from)}${begin}\n\n${tables}\n\n${page.slice(to)}`)
}
