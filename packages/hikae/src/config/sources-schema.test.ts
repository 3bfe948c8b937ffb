import { describe, test } from 'vitest'
import { z } from 'zod'
import { secretSchema } from '../secrets/secret-schema.ts'
import { explainIssues } from './explain-issues.ts'
import { SchemaForms } from './schema-forms.ts'
import { secretPlaces } from './secret-places.ts'
import { sourcesSchema } from './sources-schema.ts'

const files = { name: 'files', config: z.strictObject({ paths: z.array(z.string()) }).describe('folders') }
const redis = {
  name: 'redis',
  config: z
    .strictObject({ port: z.int().default(6379), password: secretSchema.optional() })
    .transform((given) => ({ server: given })),
}
const common = z.strictObject({ description: z.string().optional(), shrink: z.number().default(0.5) })
const schema = sourcesSchema([files, redis], common)

/** All that is wrong, as the stack file's reader would say it. */
function problems(value: unknown): string[] {
  const forms = new SchemaForms(schema)
  const issues = schema.safeParse(value).error?.issues ?? []
  return explainIssues(issues, (path) => forms.keysAt(path)).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('the schema of sources', () => {
  test('gives each source its kind, what the kind made of it, and what is common to all', ({ expect }) => {
    const given = { settings: { files: { paths: ['/srv'] }, description: 'all' }, cache: { redis: {}, shrink: 1 } }
    expect(schema.parse(given)).toEqual({
      settings: { kind: 'files', config: { paths: ['/srv'] }, description: 'all', shrink: 0.5 },
      cache: { kind: 'redis', config: { server: { port: 6379 } }, shrink: 1 },
    })
  })

  test('says which kinds there are when none is named, or several are', ({ expect }) => {
    expect(problems({ a: { description: 'what?' } })).toEqual(['a: a source is one of files, redis: none is there'])
    expect(problems({ a: { files: { paths: [] }, redis: {} } })).toEqual([
      'a: a source is one of files, redis: there are files and redis',
    ])
  })

  test('names the nearest kind, or all', ({ expect }) => {
    expect(problems({ a: { fiels: { paths: [] } } })).toEqual([
      "a.fiels: there is no key 'fiels' here; did you mean files?",
    ])
    expect(problems({ a: { oracle: {} } })).toEqual([
      "a.oracle: there is no key 'oracle' here, only files, redis, description, shrink",
    ])
    expect(problems({ a: { files: { path: [] } } })).toEqual([
      'a.files.paths: this is missing',
      "a.files.path: there is no key 'path' here; did you mean paths?",
    ])
    expect(problems({ 'no name': { files: { paths: [] } } })).toEqual([
      'no name: a name has letters, digits, dots, dashes and underscores',
    ])
  })

  test('lets editors complete and check: every kind is a key, and one is needed', ({ expect }) => {
    const { additionalProperties } = new SchemaForms(schema).root
    expect(additionalProperties).toMatchObject({
      additionalProperties: false,
      oneOf: [{ required: ['files'] }, { required: ['redis'] }],
      properties: { files: { description: 'folders' }, redis: {}, description: {}, shrink: { default: 0.5 } },
    })
    expect(secretPlaces({ a: { redis: { password: 'x' } } }, new SchemaForms(schema))).toEqual([
      ['a', 'redis', 'password'],
    ])
  })

  test('takes no kind that could not be told from its absence', ({ expect }) => {
    const silent = { name: 'silent', config: z.strictObject({}).default({}) }
    expect(() => sourcesSchema([silent], common)).toThrow("the kind 'silent' has to ask for a configuration")
    expect(() => sourcesSchema([{ ...files, name: 'shrink' }], common)).toThrow("cannot be called 'shrink'")
    expect(() => sourcesSchema([files, files], common)).toThrow("cannot be called 'files'")
  })

  test('without any kind understands no source', ({ expect }) => {
    expect(sourcesSchema([], common).parse({})).toEqual({})
    expect(sourcesSchema([], common).safeParse({ a: {} }).success).toBe(false)
  })
})
