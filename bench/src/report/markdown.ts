/** A Markdown table; the first column is text, the others are numbers. Columns are padded so that it reads as text too. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => width(row[column] ?? ''))))
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((size, column) => pad(cells[column] ?? '', size, column > 0)).join(' | ')} |`
  const rule = widths.map((size, column) => (column === 0 ? '-'.repeat(size) : `${'-'.repeat(size - 1)}:`))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

function pad(text: string, size: number, toRight: boolean): string {
  const space = ' '.repeat(size - width(text))
  return toRight ? space + text : text + space
}

/** Columns on a terminal: Chinese characters and kana take two. */
function width(text: string): number {
  let columns = 0
  for (const character of text) columns += /[\u3000-\u30ff\u3400-\u9fff\uff00-\uff60]/.test(character) ? 2 : 1
  return columns
}
