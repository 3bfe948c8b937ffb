import { writeFile } from 'node:fs/promises'
import { makeTempDir } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { z } from 'zod'
import { secretSchema } from '../secrets/secret-schema.ts'
import type { Environment } from '../environment.ts'
import { checkSecrets } from './check-secrets.ts'
import { describeProblem } from './problem.ts'
import { readStackFiles } from './read-files.ts'
import { SchemaForms } from './schema-forms.ts'
import { StackDocument } from './stack-document.ts'

/** Secrets wherever a schema may have them. */
const schema = z.strictObject({
  include: z.array(z.string()).optional(),
  sources: z
    .record(
      z.string(),
      z.strictObject({ redis: z.strictObject({ password: secretSchema.optional().describe('of redis') }) }),
    )
    .default({}),
  alerts: z
    .array(
      z.union([
        z.strictObject({ discord: z.strictObject({ url: secretSchema.refine(() => true) }) }),
        z.strictObject({ mail: z.strictObject({ to: z.string(), smtp: z.string() }).transform((mail) => mail) }),
        z.strictObject({ hooks: z.array(secretSchema) }),
        z.strictObject({ env: z.record(z.string(), z.union([z.string(), secretSchema])) }),
      ]),
    )
    .default([]),
})

const test = base.extend('findings', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return async (text: string, env: Environment = {}, included = '') => {
    await writeFile(dir.join('hikae.yaml'), text)
    await writeFile(dir.join('more.yaml'), included)
    const { files } = await readStackFiles(dir.join('hikae.yaml'), env)
    const { problems, warnings } = checkSecrets(new StackDocument(files), new SchemaForms(schema))
    const lines = (found: typeof problems): string[] =>
      found.map((problem) => describeProblem(problem, '').replace(`${dir.path}/`, ''))
    return { problems: lines(problems), warnings: lines(warnings) }
  }
})

describe('a secret that is written out', () => {
  test('is warned of wherever the schema has a secret, with what to write instead', async ({ findings, expect }) => {
    const { warnings, problems } = await findings(
      `include: [more.yaml]
sources:
  cache: { redis: { password: hunter2 } }
alerts:
  - discord: { url: https://discord.example/hunter2 }
  - hooks: [{ env: HOOK }, hunter2]
`,
      {},
      `sources: { other: { redis: { password: { file: /etc/hikae/redis } } } }
alerts:
  - mail: { to: someone, smtp: "smtps://me:hunter2@mail.example.com" }
  - discord:
      url: hunter2
`,
    )
    const readable = 'whoever can read this file can read the secret'
    expect(warnings).toEqual([
      `hikae.yaml:3:21: sources.cache.redis.password: ${readable}; write { file: /etc/hikae/password } and keep it there`,
      `hikae.yaml:5:16: alerts.0.discord.url: ${readable}; write { file: /etc/hikae/url } and keep it there`,
      `hikae.yaml:6:28: alerts.1.hooks.1: ${readable}; write { file: /etc/hikae/hooks } and keep it there`,
      `more.yaml:5:7: alerts.3.discord.url: ${readable}; write { file: /etc/hikae/url } and keep it there`,
      'more.yaml:3:26: alerts.2.mail.smtp: whoever can read this file can read the password in this address; ' +
        'write the address without it, and the password under a key of its own, as { file: PATH }',
    ])
    expect(problems).toEqual([])
    expect(warnings.join('\n')).not.toContain('hunter2')
  })

  test('and comes from a variable should name the variable', async ({ findings, expect }) => {
    const text = `sources: { cache: { redis: { password: "\${REDIS}" } } }
alerts: [{ mail: { to: someone, smtp: "smtps://me:\${SMTP}@mail.example.com" } }]
`
    const { warnings } = await findings(text, { REDIS: 'hunter2', SMTP: 'hunter2' })
    expect(warnings).toEqual([
      'hikae.yaml:1:30: sources.cache.redis.password: write { env: REDIS }: the secret is then read when it is needed, ' +
        'and is no part of the configuration',
    ])
    const withDefault = await findings(`alerts: [{ hooks: ["\${HOOK:-hunter2}"] }]\n`)
    expect(withDefault.warnings.join()).toMatch(/^hikae\.yaml:1:20: alerts\.0\.hooks\.0: whoever can read/)
  })

  test('is told by its name where any text may stand', async ({ findings, expect }) => {
    const { warnings } = await findings(
      'alerts: [{ env: { PGHOST: hunter2, PGPASSWORD: hunter2, API_TOKEN: { env: TOKEN } } }]\n',
    )
    expect(warnings).toEqual([
      'hikae.yaml:1:36: alerts.0.env.PGPASSWORD: whoever can read this file can read the secret; ' +
        'write { file: /etc/hikae/pgpassword } and keep it there',
    ])
  })

  test('cannot be the name of a variable by mistake', async ({ findings, expect }) => {
    const { problems } = await findings(`alerts: [{ hooks: [{ env: "\${HOOK}" }] }]\n`, { HOOK: 'hunter2' })
    expect(problems).toEqual([
      'hikae.yaml:1:22: alerts.0.hooks.0.env: env takes the name of a variable, not its value: write { env: HOOK }',
    ])
  })
})
