import { displayWidth, padEnd, padStart } from './width.ts'

export interface Column<Row> {
  readonly heading: string
  readonly align?: 'left' | 'right'
  /** Several lines make the row as high. */
  readonly cell: (row: Row) => string | readonly string[]
}

/** Lines of a table: headings, a rule, the rows, a rule. Columns are as wide as their widest cell. */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = rows.map((row) => columns.map((column) => asLines(column.cell(row))))
  const widths = columns.map(({ heading }, index) =>
    Math.max(displayWidth(heading), ...cells.flatMap((row) => row[index]!.map(displayWidth))),
  )
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + 2, 0) - 2)
  const heading = layOut(
    columns.map((column) => [column.heading]),
    columns,
    widths,
  )
  return [...heading, rule, ...cells.flatMap((row) => layOut(row, columns, widths)), rule]
}

/** The same without headings and rules. */
export function columnLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  return tableLines(columns, rows).slice(2, -1)
}

function asLines(cell: string | readonly string[]): readonly string[] {
  if (typeof cell === 'string') return [cell]
  return cell.length === 0 ? [''] : cell
}

function layOut<Row>(
  row: readonly (readonly string[])[],
  columns: readonly Column<Row>[],
  widths: readonly number[],
): string[] {
  const height = Math.max(...row.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) =>
    row
      .map((lines, index) => {
        const pad = columns[index]!.align === 'right' ? padStart : padEnd
        return pad(lines[line] ?? '', widths[index]!)
      })
      .join('  ')
      .trimEnd(),
  )
}
