import type { Finding } from '../finding.ts'
import type { DatabaseFacts } from './facts.ts'
import type { Inspection } from './process/tasks.ts'

const HINT = 'choose an earlier point, and run `hikae check --read-data` on the repository'

/** What is wrong with a database that came back: other bytes, other rows, damage. */
export function compareWithFacts(restored: Inspection, facts: DatabaseFacts): Finding[] {
  const { path } = facts
  const findings: Finding[] = []
  const [damage] = restored.damage
  if (damage !== undefined) findings.push(error(`${path} as it was saved is damaged: ${damage}`))
  if (restored.sha256 === facts.sha256) return findings
  for (const [table, rows] of Object.entries(facts.tables)) {
    const found = restored.tables[table]
    if (rows === null || found === null || found === rows) continue
    findings.push(
      error(
        `${path}: ${table} had ${rows} rows when it was saved, and has ${found ?? 'none, for it is not there'} now`,
      ),
    )
  }
  findings.push(error(`${path} is not what was saved: its SHA-256 is another one`))
  return findings
}

function error(message: string): Finding {
  return { severity: 'error', message, hint: HINT }
}
