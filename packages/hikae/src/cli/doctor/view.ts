import type { Output } from '../output/output.ts'
import { printableMessage, printableText } from '../output/printable.ts'
import { formatQuantity } from '../output/format.ts'
import { type Diagnosis, exitCodeFor } from './diagnosis.ts'

const COLORS = { ok: 'green', warning: 'yellow', error: 'red' } as const

export function printDiagnoses(diagnoses: readonly Diagnosis[], out: Output): void {
  if (out.json) {
    const shown = diagnoses.map(({ hint, ...rest }) => ({ ...rest, hint: hint ?? null }))
    return out.document({ fine: exitCodeFor(diagnoses) === 0, diagnoses: shown })
  }
  const width = Math.max(...Object.keys(COLORS).map((verdict) => verdict.length))
  for (const { subject, verdict, message, hint } of diagnoses) {
    if (verdict === 'ok' && out.quiet) continue
    const mark = out.paint(COLORS[verdict], verdict.padEnd(width))
    out.line(`${mark}  ${printableText(subject)}: ${printableMessage(message).replaceAll('\n', ' ')}`)
    if (hint !== undefined) out.line(`${' '.repeat(width)}    next: ${printableMessage(hint).replaceAll('\n', ' ')}`)
  }
  out.note(summary(diagnoses))
}

function summary(diagnoses: readonly Diagnosis[]): string {
  const errors = diagnoses.filter(({ verdict }) => verdict === 'error').length
  const warnings = diagnoses.filter(({ verdict }) => verdict === 'warning').length
  if (errors + warnings === 0) return 'all is well'
  return [
    ...(errors > 0 ? [formatQuantity(errors, 'error')] : []),
    ...(warnings > 0 ? [formatQuantity(warnings, 'warning')] : []),
  ].join(', ')
}
