import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { z } from 'zod'
import { secretSchema } from '../../secrets/secret-schema.ts'
import { SchemaForms } from '../schema-forms.ts'
import { sourcesSchema } from '../sources-schema.ts'
import { english } from './english.ts'
import { japanese } from './japanese.ts'
import { referencePage } from './page.ts'
import { type Descriptions, stackReference } from './stack-reference.ts'

const DOCS = join(import.meta.dirname, '../../../../../docs')

const described = (what: string) => z.string().describe(what)

const kinds = [
  {
    name: 'files',
    config: z.strictObject({ paths: z.array(described('a path')).describe('the paths') }).describe('folders'),
  },
  {
    name: 'redis',
    config: z.strictObject({ password: secretSchema.optional().describe('of redis') }).describe('a server'),
  },
]

const schema = new SchemaForms(
  z.strictObject({
    sources: sourcesSchema(kinds, z.strictObject({ shrink: z.number().default(0.5).describe('how much') })).describe(
      'what',
    ),
    alerts: z
      .array(
        z.union([
          z.strictObject({
            discord: z.strictObject({ url: secretSchema.describe('where to') }).describe('a chat'),
            on: z.enum(['failure', 'success']).optional().describe('when'),
          }),
          z.strictObject({ mail: described('an address').meta({ examples: ['ops@example.com'] }) }),
        ]),
      )
      .default([])
      .describe('who is told'),
    target: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('disk').describe('a disk'), path: described('a path | or two') }),
        z.strictObject({
          kind: z.literal('server').describe('a server'),
          port: z.int().min(1).max(9).describe('a port'),
        }),
      ])
      .optional()
      .describe('where it goes'),
  }),
)

/** The lines of a section, by its heading. */
function sections(page: string): Map<string, string[]> {
  const parts = page.split(/^##+ /m).slice(1)
  return new Map(
    parts.map((part) => {
      const [heading = '', ...lines] = part.split('\n')
      return [heading, lines.filter((line) => line !== '' && !/^\| (Key|---) /.test(line))] as const
    }),
  )
}

describe('the reference page', () => {
  const page = sections(referencePage(schema, english, (text) => text))

  test('has a section for every map, and in it a line for every key', ({ expect }) => {
    expect(page.get('The file')).toEqual([
      '| `sources` | map by name | required | What. See [`sources.NAME`](#sourcesname). |',
      '| `alerts` | list of map | – | Who is told. See [`alerts[]`](#alerts). |',
      '| `target` | map | – | Where it goes. See [`target (kind: disk)`](#target-kind-disk). |',
    ])
    expect(page.get('`sources.NAME`')).toEqual([
      'What.',
      'Exactly one of `files`, `redis` is there.',
      '| `files` | map | – | Folders. See [`sources.NAME.files`](#sourcesnamefiles). |',
      '| `redis` | map | – | A server. See [`sources.NAME.redis`](#sourcesnameredis). |',
      '| `shrink` | number | `0.5` | How much. |',
    ])
    expect(page.get('`sources.NAME.redis`')).toEqual([
      'A server.',
      '| `password` | [secret](#secrets) | – | Of redis. |',
    ])
  })

  test('puts maps together that one key tells apart, and others one after the other', ({ expect }) => {
    expect(page.get('`alerts[]`')).toEqual([
      'Who is told.',
      'Exactly one of `discord`, `mail` is there.',
      '| `discord` | map | – | A chat. See [`alerts[].discord`](#alertsdiscord). |',
      '| `on` | `failure` or `success` | – | When. |',
      '| `mail` | text | – | An address. Example: `ops@example.com` |',
    ])
    expect(page.get('`target (kind: disk)`')).toContain('| `path` | text | required | A path \\| or two. |')
    expect(page.get('`target (kind: server)`')).toContain('| `port` | whole number (1–9) | required | A port. |')
  })

  test('tells of a form that holds itself once', ({ expect }) => {
    const node = z.strictObject({
      name: described('of the node'),
      get children() {
        return z.array(node).optional().describe('below it')
      },
    })
    const tree = referencePage(new SchemaForms(z.strictObject({ top: node, any: z.json() })), english, (text) => text)
    expect([...sections(tree).keys()].filter((heading) => heading.startsWith('`'))).toEqual(['`top`'])
  })

  test('says once how secrets are written', ({ expect }) => {
    expect(page.get('Secrets')).toContain('Exactly one of `env`, `file`, `command` is there.')
  })

  test('is translated, and what is missing or of no use any more is named', ({ expect }) => {
    const texts = { 'a chat': 'チャット', 'long gone': '昔の説明' }
    const { japanese: translated, problems } = stackReference(texts, schema)
    expect(translated).toContain('| `discord` | マップ | – | チャット。')
    expect(problems).toContain('not translated: who is told')
    expect(problems).toContain('translated, but nowhere in the schema any more: long gone')
    const nameless = new SchemaForms(z.strictObject({ a: z.strictObject({ b: z.string() }) }))
    expect(stackReference({}, nameless).problems).toEqual(['a.b has no description: add .describe() to its schema'])
    expect(Object.keys(japanese.headings)).toEqual(Object.keys(english.headings))
  })

  test('that is committed is the one that the schema makes, in both languages', async ({ expect }) => {
    const descriptions = JSON.parse(
      await readFile(join(DOCS, 'ja/reference/descriptions.json'), 'utf8'),
    ) as Descriptions
    const reference = stackReference(descriptions)
    expect(reference.problems).toEqual([])
    expect(await readFile(join(DOCS, 'reference/stack-file.md'), 'utf8')).toBe(reference.english)
    expect(await readFile(join(DOCS, 'ja/reference/stack-file.md'), 'utf8')).toBe(reference.japanese)
  })
})
