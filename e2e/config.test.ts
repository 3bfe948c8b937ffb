import { rm, writeFile } from 'node:fs/promises'
import { makeCheapRepository } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test as base } from './fixtures.ts'
import { Hikae, type Message, PASSWORD } from './hikae.ts'

/** A stack file that includes another; `literal` has its password written out. */
const test = base
  .extend('stack', async ({ dir }) => {
    await makeFiles(dir.path, {
      'hikae.yaml': `version: 1
stack: shop
include: ['more/*.yaml']
repositories:
  usb: { local: "\${BASE:-.}/usb", password: { env: HIKAE_PASSWORD } }
`,
      'more/literal.yaml': `repositories:
  literal: { local: literal, password: ${PASSWORD} }
  cloud: { rest: "https://me:\${HIKAE_PASSWORD}@backup.example.com/shop", password: { file: cloud } }
`,
    })
    return dir
  })
  .extend('hikae', ({ stack }) => new Hikae({ cwd: stack.path, env: { XDG_STATE_HOME: stack.join('state') } }))

/** Of the password that is written out in the stack. */
const WARNING =
  /^warning: \S+\/more\/literal\.yaml:2:30: repositories\.literal\.password: whoever can read this file can read the secret; write \{ file: \S+ \} and keep it there\n$/

describe.concurrent('hikae config check', () => {
  test('says that a stack is fine, what it has, and what should be otherwise', async ({ hikae, stack, expect }) => {
    const { stdout, stderr } = await hikae.ok(['config', 'check', '--quiet'])
    expect(stdout).toBe(`${stack.join('hikae.yaml')} is fine (repositories: 3, files: 2)\n`)
    expect(stderr).toMatch(WARNING)
    expect(await hikae.document(['config', 'check'])).toEqual({
      file: stack.join('hikae.yaml'),
      fine: true,
      problems: [],
      warnings: [
        {
          file: stack.join('more/literal.yaml'),
          line: 2,
          column: 30,
          at: 'repositories.literal.password',
          message: expect.stringContaining('{ file: /etc/hikae/password }') as string,
        },
      ],
      files: [stack.join('hikae.yaml'), stack.join('more/literal.yaml')],
      counts: { repositories: 3 },
    })
  })

  test('shows all that is wrong, in whatever file, and ends with 2', async ({ hikae, stack, expect }) => {
    await writeFile(
      stack.join('more/wrong.yaml'),
      'repositories:\n  usb: { local: /x, password: { env: P } }\n  nas: { sftp: "nas:/x", pasword: { env: P } }\n',
    )
    const { exitCode, stdout, stderr } = await hikae.run(['config', 'check'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    const wrong = stack.join('more/wrong.yaml')
    expect(stderr.split('\n').slice(0, 4)).toEqual([
      `hikae: ${stack.join('hikae.yaml')} and what it includes have 3 problems:`,
      `${wrong}:2:3: repositories.usb: this is said already, in ${stack.join('hikae.yaml')}:5:3`,
      `${wrong}:3:3: repositories.nas.password: this is missing`,
      `${wrong}:3:26: repositories.nas.pasword: there is no key 'pasword' here; did you mean password?`,
    ])
    const json = await hikae.run(['--json', 'config', 'check'])
    expect(json.exitCode).toBe(2)
    expect(JSON.parse(json.stdout)).toMatchObject({
      fine: false,
      problems: [{ file: wrong, line: 2, column: 3, at: 'repositories.usb' }, { line: 3 }, { line: 3, column: 26 }],
    })
  })

  test('has to have a stack file', async ({ hikae, stack, expect }) => {
    await rm(stack.join('hikae.yaml'))
    const { exitCode, stderr } = await hikae.run(['config', 'check'])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr:
        'hikae: there is no stack file\nnext: write hikae.yaml here or in /etc/hikae, or name another file with --config\n',
    })
  })
})

describe.concurrent('hikae config show', () => {
  test('prints what is in force, without a secret', async ({ hikae, expect }) => {
    const env = { BASE: '/mnt' }
    const shown = {
      version: 1,
      stack: 'shop',
      repositories: {
        usb: { local: '/mnt/usb', password: { env: 'HIKAE_PASSWORD' } },
        literal: { local: 'literal', password: '•••' },
        cloud: { rest: 'https://me:•••@backup.example.com/shop', password: { file: 'cloud' } },
      },
    }
    const { stdout, stderr } = await hikae.ok(['config', 'show'], { env })
    expect(stdout).toBe(`version: 1
stack: shop
repositories:
  usb:
    local: /mnt/usb
    password:
      env: HIKAE_PASSWORD
  literal:
    local: literal
    password: •••
  cloud:
    rest: https://me:•••@backup.example.com/shop
    password:
      file: cloud
`)
    expect(stderr).toMatch(WARNING)
    expect(JSON.parse((await hikae.ok(['config', 'show', '--json'], { env })).stdout)).toEqual(shown)
    expect((await hikae.ok(['config', 'show', '--quiet'], { env })).stderr).toBe('')
  })
})

describe.concurrent('hikae config schema', () => {
  test('prints the JSON Schema, for editors over lines and for programs on one', async ({ hikae, expect }) => {
    const { stdout } = await hikae.ok(['config', 'schema'])
    const schema = JSON.parse(stdout) as Message
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      additionalProperties: false,
      required: ['version'],
      properties: { repositories: { description: expect.any(String) as string } },
    })
    const line = (await hikae.ok(['config', 'schema', '--json'])).stdout
    expect(line.split('\n')).toHaveLength(2)
    expect(JSON.parse(line)).toEqual(schema)
  })
})

describe.concurrent('a command that opens the stack', () => {
  test('says once what should be otherwise, but not with --quiet', async ({ hikae, stack, expect }) => {
    for (const name of ['usb', 'literal']) await makeCheapRepository(stack.join(name), PASSWORD)
    const args = ['repository', 'list', '-r', 'usb', '-r', 'literal']
    expect((await hikae.ok(args)).stderr).toMatch(WARNING)
    expect((await hikae.ok([...args, '--quiet'])).stderr).toBe('')
    const { stdout, stderr } = await hikae.ok(['--json', ...args])
    expect(JSON.parse(stdout)).toHaveLength(2)
    expect(JSON.parse(stderr)).toMatchObject({ message_type: 'warning' })
    const copy = await hikae.run(['copy', '-r', 'usb', '--from-repo', 'literal'])
    expect(copy.stderr.match(/whoever can read/g)).toHaveLength(1)
  })
})
