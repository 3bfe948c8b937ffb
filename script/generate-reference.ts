// Writes the reference pages of the stack file, English and Japanese, from its schema. Translations of descriptions are in
// docs/ja/reference/descriptions.json; what is missing there, or no longer of use, is printed and makes it exit with 1.
//
//   node -C @hikae/source script/generate-reference.ts           writes the pages
//   node -C @hikae/source script/generate-reference.ts --check   only says whether they are what would be written
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Descriptions, stackReference } from '../packages/hikae/src/config/reference/stack-reference.ts'

const docs = join(import.meta.dirname, '../docs')
const pages = { english: 'reference/stack-file.md', japanese: 'ja/reference/stack-file.md' } as const
const descriptions = JSON.parse(readFileSync(join(docs, 'ja/reference/descriptions.json'), 'utf8')) as Descriptions
const reference = stackReference(descriptions)
const problems = [...reference.problems]

for (const language of ['english', 'japanese'] as const) {
  const file = join(docs, pages[language])
  if (process.argv.includes('--check')) problems.push(...differences(file, reference[language]))
  else write(file, reference[language])
}
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

function differences(file: string, text: string): string[] {
  if (readFileSync(file, 'utf8') === text) return []
  return [`${file} is not what the schema says: run node -C @hikae/source script/generate-reference.ts`]
}
