import { describe, test } from 'vitest'
import { z } from 'zod'
import { explainIssues } from './explain-issues.ts'
import { SchemaForms } from './schema-forms.ts'

const schema = z.strictObject({
  alert: z
    .union([
      z.strictObject({ discord: z.strictObject({ url: z.string() }) }),
      z.strictObject({ mail: z.strictObject({ to: z.string(), port: z.int().optional() }) }),
      z.literal('none'),
    ])
    .optional(),
  target: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('disk'), path: z.string() }),
      z.strictObject({ kind: z.literal('server'), host: z.string() }),
    ])
    .optional(),
})

function explain(value: unknown): string[] {
  const forms = new SchemaForms(schema)
  const issues = schema.safeParse(value).error?.issues ?? []
  return explainIssues(issues, (path) => forms.keysAt(path)).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('what is wrong with a value of several forms', () => {
  test('is said of the form that was meant', ({ expect }) => {
    expect(explain({ alert: { mail: { to: 3, prt: 25 } } })).toEqual([
      'alert.mail.to: invalid input: expected string, received number',
      "alert.mail.prt: there is no key 'prt' here; did you mean port?",
    ])
    expect(explain({ target: { kind: 'server', path: '/x' } })).toEqual([
      'target.host: this is missing',
      "target.path: the key 'path' does not go together with the others here",
    ])
  })

  test('is said of all when none was meant', ({ expect }) => {
    expect(explain({ alert: { maill: {} } })).toEqual(["alert.maill: there is no key 'maill' here; did you mean mail?"])
    expect(explain({ alert: { pager: {} } })).toEqual(["alert.pager: there is no key 'pager' here, only discord, mail"])
    expect(explain({ alert: {} })).toEqual(['alert: this has the wrong form: it takes one of discord, mail'])
    expect(explain({ alert: 'nope' })).toEqual(['alert: invalid input: expected "none"'])
    expect(explain({ target: 3 })).toEqual(['target: invalid input: expected object, received number'])
  })
})
