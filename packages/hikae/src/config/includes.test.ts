import { symlink } from 'node:fs/promises'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeTempDir, type TempDir } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import type { Environment } from '../environment.ts'
import { loadStack, type Stack } from './load.ts'
import { type ConfigError, describeProblem } from './problem.ts'

const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('load', ({ dir }) => async (files: Readonly<Record<string, string>>, env: Environment = {}) => {
    await write(dir, files)
    return loadStack(dir.join('hikae.yaml'), env)
  })
  .extend('refused', ({ dir, load }) => async (files: Readonly<Record<string, string>>, env: Environment = {}) => {
    const error = (await load(files, env).then(
      () => new Error('it was accepted'),
      (error: unknown) => error,
    )) as ConfigError
    if (error.problems === undefined) throw error
    return error.problems.map((problem) => describeProblem(problem, '').replaceAll(`${dir.path}/`, ''))
  })

async function write(dir: TempDir, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(dir.join(name)), { recursive: true })
    await writeFile(dir.join(name), text)
  }
}

/** Of a repository, by its name. */
const repository = (name: string): string => `${name}: { local: ${name}, password: { env: P } }`

const namesOf = ({ config }: Stack): string[] => Object.keys(config.repositories)

describe('a stack file that includes others', () => {
  test('holds what they hold, those of a pattern in the order of their names', async ({ load, dir, expect }) => {
    const files = {
      'hikae.yaml': `version: 1\nstack: shop\ninclude: [more/b.yaml, 'more/*.yaml']\nrepositories: { ${repository('one')} }\n`,
      'more/a.yaml': `repositories: { ${repository('three')} }\n`,
      'more/b.yaml': `stack: shop\ninclude: [deeper/d.yaml]\nrepositories: { ${repository('two')} }\n`,
      'more/deeper/d.yaml': `version: 1\nrepositories:\n# all of it is commented out\n`,
      'more/c.yaml': '# nothing yet\n',
      'more/.hidden.yaml': 'not: read',
    }
    const stack = await load(files)
    expect(namesOf(stack)).toEqual(['one', 'two', 'three'])
    expect(stack.folder).toBe(dir.path)
    const order = ['hikae.yaml', 'more/b.yaml', 'more/deeper/d.yaml', 'more/a.yaml', 'more/c.yaml'] as const
    expect(stack.files).toEqual(order.map((name) => ({ path: dir.join(name), text: files[name] })))
    expect(stack.warnings).toEqual([])
  })

  test('may be found by a pattern of its own, and under several names', async ({ load, dir, expect }) => {
    await write(dir, { 'real.yaml': `repositories: { ${repository('two')} }\n` })
    await symlink('real.yaml', dir.join('alias.yaml'))
    const stack = await load({ 'hikae.yaml': `version: 1\ninclude: ['*.yaml', real.yaml]\n` })
    expect(namesOf(stack)).toEqual(['two'])
    expect(stack.files).toHaveLength(2)
  })

  test('names the place in the right file of all that is wrong', async ({ refused, expect }) => {
    const found = await refused({
      'hikae.yaml': `version: 1
include:
  - a.yaml
  - absent.yaml
  - stacks
repositories:
  one: { lcal: x, password: { env: P } }
`,
      'a.yaml': `repositories:
  two:
    local: "\${NOWHERE}"
    password: { env: P }
  three:
    s3: { bucket: b, regoin: auto }
`,
      'stacks/x.yaml': '',
    })
    expect(found).toEqual([
      'a.yaml:3:5: repositories.two.local: the variable NOWHERE is not set',
      'hikae.yaml:4:5: include.1: cannot read absent.yaml: no such file or directory',
      'hikae.yaml:5:5: include.2: cannot read stacks: illegal operation on a directory',
      "hikae.yaml:7:10: repositories.one.lcal: there is no key 'lcal' here; did you mean local?",
      "a.yaml:6:22: repositories.three.s3.regoin: there is no key 'regoin' here; did you mean region?",
      'a.yaml:5:3: repositories.three.password: this is missing',
    ])
  })

  test('and says something twice, is refused with both places', async ({ refused, expect }) => {
    const found = await refused({
      'hikae.yaml': `version: 1\nstack: shop\ninclude: [a.yaml]\nrepositories:\n  ${repository('one')}\n`,
      'a.yaml': `version: 2\nstack: store\nrepositories:\n  ${repository('two')}\n  ${repository('one')}\n`,
    })
    expect(found).toEqual([
      'a.yaml:1:1: version: this is said already, in hikae.yaml:1:1',
      'a.yaml:2:1: stack: this is said already, in hikae.yaml:2:1',
      'a.yaml:5:3: repositories.one: this is said already, in hikae.yaml:5:3',
    ])
  })

  test('cannot leave it to them to say the version', async ({ refused, expect }) => {
    const found = await refused({ 'hikae.yaml': 'include: [a.yaml]\n', 'a.yaml': 'version: 1\n' })
    expect(found).toEqual(['hikae.yaml: version: this is missing: write version: 1'])
  })

  test('is refused when they lead back to it, or too deep', async ({ refused, dir, expect }) => {
    const circle = await refused({
      'hikae.yaml': 'version: 1\ninclude: [a.yaml]\n',
      'a.yaml': 'include: [./hikae.yaml]\n',
    })
    expect(circle).toEqual([
      'a.yaml:1:11: include.0: hikae.yaml would include itself: hikae.yaml → a.yaml → hikae.yaml',
    ])
    for (let depth = 0; depth < 12; depth++) await write(dir, { [`${depth}.yaml`]: `include: [${depth + 1}.yaml]\n` })
    expect(await refused({ 'hikae.yaml': 'version: 1\ninclude: [0.yaml]\n' })).toEqual([
      '9.yaml:1:11: include.0: 10.yaml is included through more than 10 files',
    ])
  })

  test('hears of all that is no YAML, and of nothing that follows from it', async ({ refused, expect }) => {
    const found = await refused({
      'hikae.yaml': 'version: 1\ninclude: [a.yaml, b.yaml]\nrepositores: {}\n',
      'a.yaml': 'repositories: [\n',
      'b.yaml': 'one: *two\n',
    })
    expect(found).toHaveLength(2)
    expect(found[0]).toMatch(/^a\.yaml:2:1: /)
    expect(found[1]).toMatch(/^b\.yaml:? .*two/)
  })

  test('is told when one is no map, and when a pattern matches nothing', async ({ load, refused, dir, expect }) => {
    const list = { 'hikae.yaml': 'version: 1\ninclude: [a.yaml]\n', 'a.yaml': '- one\n' }
    expect(await refused(list)).toEqual(['a.yaml: this is no map of keys and values'])
    const stack = await load({ 'hikae.yaml': 'version: 1\ninclude: ["conf.d/*.yaml"]\n' })
    expect(stack.warnings).toEqual([
      { file: dir.join('hikae.yaml'), line: 2, column: 11, at: 'include.0', message: 'no file matches conf.d/*.yaml' },
    ])
  })
})
