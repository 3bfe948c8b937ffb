import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type ProcessOptions,
  runProcess,
  skipBecause,
  startDocker,
  type TempDir,
  whyNoCompose,
  whyNoDocker,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test } from './fixtures.ts'
import { beforeScene, ENGINE_BEGINNING, engineEnvironment, makeEngineMachine } from './guides-engine.ts'
import { PROGRAM } from './hikae.ts'

// What the guides and the READMEs tell people to type is typed here, in order, and has to do what they say.
//
//   ```sh      commands; each has to succeed
//   ```text    what the commands before it print: each line has to come, in this order; words with a digit may differ,
//              and … stands for anything
//   ```        commands when each line begins with hikae or tar, else something to look at
//   ```yaml    with <!-- file: NAME --> before it, that file; otherwise a part of a stack file, which is checked
//
// <!-- engine: SCENE --> stands before commands for a Docker Engine, which has a project and more: see guides-engine.ts.
// <!-- not run: REASON --> stands before commands that cannot run here; lines with … in them are not whole.

/** Containers that start, stop and are waited for. */
const ENGINE_TIMEOUT_MS = 400_000

const ROOT = join(import.meta.dirname, '..')

const NOT_RUN: Readonly<Record<string, string>> = {
  install: 'e2e/install.test.ts installs the packages and runs the demo',
  timers: 'they would run on this machine from now on; the tests of schedule install put them into a folder',
  alerts: 'the channels are examples; the tests of alerts have real ones',
  image: 'e2e/container.test.ts builds the image, and runs it beside a project',
  'two engines': 'they need two Docker Engines; e2e/docker-migrate.test.ts has them',
  databases: 'they need a server with such databases; the tests of each kind have real ones',
  daemon: 'it stays until it is told to end; e2e/jobs.test.ts runs it',
  'needs the channels above': 'the channels are examples; the tests of alerts have real ones',
  restic: 'restic is not everywhere; e2e/together.test.ts uses both programs on one repository',
}

/** Places of the machine in the guides, which are folders of the test here. */
const PLACES = /(?<![\w./~-])\/(?:srv|mnt|tmp|backup|etc\/hikae)(?![\w-])/g

/** What parts of a stack file refer to. */
const REST = {
  version: '1',
  stack: 'shop',
  repositories: '{ usb: { local: usb, password: { file: p } }, nas: { local: nas, password: { file: p } } }',
  sources: '{ uploads: { files: { paths: [uploads] } }, orders: { sqlite: { path: orders.db } } }',
}

interface Guide {
  readonly name: string
  readonly japanese: string
  /** What its readers have done already. */
  readonly before?: string
  /** The block that begins with this line, which is not run, and why. */
  readonly except?: { readonly line: string; readonly why: string }
}

const GUIDES: readonly Guide[] = [
  { name: 'docs/guide/quick-start.md', japanese: 'docs/ja/guide/quick-start.md' },
  { name: 'docs/guide/stack-file.md', japanese: 'docs/ja/guide/stack-file.md' },
  { name: 'docs/guide/jobs.md', japanese: 'docs/ja/guide/jobs.md' },
  { name: 'docs/guide/docker.md', japanese: 'docs/ja/guide/docker.md' },
  { name: 'docs/guide/container.md', japanese: 'docs/ja/guide/container.md' },
  { name: 'docs/guide/alerts.md', japanese: 'docs/ja/guide/alerts.md' },
  {
    name: 'docs/guide/from-scripts.md',
    japanese: 'docs/ja/guide/from-scripts.md',
    before: `
      mkdir -p /backup /srv/app
      echo 'APP=1' >/srv/app/.env
      for day in 07 08; do
        tar -C /srv -czf /backup/app_202501"$day"_020304.tar.gz app
        echo "insert into orders values ($day);" | gzip >/backup/shop_202501"$day".sql.gz
      done
      export HIKAE_REPOSITORY=/mnt/usb/backup HIKAE_PASSWORD=secret
      hikae init
      hikae backup /srv/app`,
    except: { line: 'hikae config check', why: 'the stack file before it wants mysqldump; jobs.md has these commands' },
  },
  { name: 'README.md', japanese: 'README.ja.md' },
]

const LANGUAGES = ['sh', 'text', 'yaml', '']

describe.concurrent.each(GUIDES)('$name', ({ name, japanese, before = '', except }) => {
  test('works as it is written', async ({ dir, expect, skip }) => {
    await makeMachine(dir)
    const blocks = await blocksOf(name)
    const isLeftOut = ({ content }: Block): boolean => except !== undefined && content.startsWith(`${except.line}\n`)
    const typed = blocks.filter((block) => isStep(block) && !isLeftOut(block))
    skip(typed.length === 0, 'nothing in it can run here')
    const outputs = await outputsOf(typed, before, dir)
    for (const { line, missing, printed } of notShown(blocks, typed, outputs)) {
      expect(missing, `line ${line}; printed:\n${printed}`).toEqual([])
    }
  })

  test('works on a Docker Engine as it is written', { timeout: ENGINE_TIMEOUT_MS }, async ({ dir, expect, skip }) => {
    const blocks = await blocksOf(name)
    const typed = blocks.filter(({ note }) => sceneOf(note) !== undefined)
    skip(typed.length === 0, 'nothing in it is for an engine')
    const why = (await whyNoDocker()) ?? (await whyNoCompose())
    skip(skipBecause(why), why)
    await makeMachine(dir)
    await makeEngineMachine(dir)
    await using docker = await startDocker()
    const outputs = await outputsOf(typed, ENGINE_BEGINNING, dir, {
      env: engineEnvironment(docker),
      timeoutMs: ENGINE_TIMEOUT_MS - 20_000,
    })
    for (const { line, missing, printed } of notShown(blocks, typed, outputs)) {
      expect(missing, `line ${line}; printed:\n${printed}`).toEqual([])
    }
  })

  test('has parts of stack files that are right', async ({ dir, expect, skip }) => {
    const parts = (await blocksOf(name)).filter(({ language, note }) => language === 'yaml' && note === undefined)
    skip(parts.length === 0, 'it has none')
    for (const { content, line } of parts) {
      await writeFile(dir.join('hikae.yaml'), completed(content))
      const args = ['config', 'check', '--quiet', '--config', dir.join('hikae.yaml')]
      const { exitCode, stderr } = await runProcess(PROGRAM, args, { env: environmentOf(dir) })
      expect({ exitCode, stderr }, `line ${line}`).toEqual({ exitCode: 0, stderr: '' })
    }
  })

  test('is the same in Japanese', async ({ expect }) => {
    const plain = async (path: string): Promise<string[]> => {
      const blocks = await blocksOf(path)
      const typed = blocks.filter((block, at) => block.language !== 'text' || (at > 0 && isTyped(blocks[at - 1]!)))
      return typed.map(({ language, note, content }) => `${language} ${note}\n${withoutWords(content)}`)
    }
    expect(await plain(japanese)).toEqual(await plain(name))
  })
})

interface Block {
  readonly language: string
  /** Of the comment before it. */
  readonly note: string | undefined
  readonly content: string
  /** In the file, from 1. */
  readonly line: number
}

/** @throws a block that says nothing of its kind, or is not run for no reason that is known */
async function blocksOf(path: string): Promise<Block[]> {
  const text = await readFile(join(ROOT, path), 'utf8')
  const found = [...text.matchAll(/(?:^<!-- (.+) -->\n\n?)?^ *```(.*)\n([^]*?)^ *```$/gm)]
  return found.map(([whole, note, language = '', content = ''], at) => {
    const line = text.slice(0, found[at]!.index).split('\n').length
    const reason = /^not run: (.*)$/.exec(note ?? '')?.[1]
    if (reason !== undefined && !(reason in NOT_RUN)) throw new Error(`${path}:${line}: no reason is called ${reason}`)
    if (!LANGUAGES.includes(language)) throw new Error(`${path}:${line}: of which kind is this?\n${whole}`)
    return { language, note, content, line }
  })
}

/**
 * Types the blocks into one shell, one after the other.
 *
 * @returns what each of them printed, as if the folders of the test were those of the guide
 * @throws a command failed
 */
async function outputsOf(
  blocks: readonly Block[],
  before: string,
  dir: TempDir,
  { env = {}, timeoutMs = 170_000 }: Pick<ProcessOptions, 'env' | 'timeoutMs'> = {},
): Promise<string[]> {
  const typed = blocks.map((block) => `${sceneBefore(block, dir)}printf '\\036'\n${commandsOf(block, dir)}`)
  const script = ['set -euo pipefail; exec 2>&1', onMachine(before, dir), ...typed].join('\n')
  const { exitCode, stdout } = await runProcess('bash', ['-c', script], {
    cwd: dir.join('srv/shop'),
    timeoutMs,
    env: { ...environmentOf(dir), ...env },
  })
  const outputs = stdout.replaceAll(dir.path, '').split('\u001E').slice(1)
  if (exitCode === 0 && outputs.length === blocks.length) return outputs
  throw new Error(`line ${blocks[outputs.length - 1]?.line ?? 0}: exit code ${exitCode}\n${stdout.slice(-3000)}`)
}

function isStep({ language, note, content }: Block): boolean {
  if (fileOf(note) !== undefined) return true
  return note === undefined && (language === 'sh' || (language === '' && /^(?: *(?:hikae|tar) .*\n)+$/.test(content)))
}

/** Here or on an engine. */
function isTyped(block: Block): boolean {
  return isStep(block) || sceneOf(block.note) !== undefined
}

function sceneOf(note: string | undefined): string | undefined {
  return /^engine: (.*)$/.exec(note ?? '')?.[1]
}

function fileOf(note: string | undefined): string | undefined {
  return /^file: (.*)$/.exec(note ?? '')?.[1]
}

function sceneBefore({ note }: Block, dir: TempDir): string {
  const scene = sceneOf(note)
  return scene === undefined ? '' : onMachine(beforeScene(scene), dir)
}

function commandsOf({ note, content }: Block, dir: TempDir): string {
  const file = fileOf(note)
  const whole = content.replaceAll(/^.*….*\n/gm, '')
  return onMachine(file === undefined ? whole : `cat >${file} <<'END OF FILE'\n${content}END OF FILE\n`, dir)
}

function onMachine(commands: string, dir: TempDir): string {
  return commands.replaceAll(PLACES, (place) => dir.path + place)
}

/** A stack file made of this part and what it leaves out. */
function completed(part: string): string {
  const others = Object.entries(REST).filter(([key]) => !new RegExp(`^${key}:`, 'm').test(part))
  return `${part}\n${others.map(([key, value]) => `${key}: ${value}\n`).join('')}`
}

function shownAfter(blocks: readonly Block[], at: number): Block | undefined {
  const next = blocks[at + 1]
  return next?.language === 'text' ? next : undefined
}

/** What the guide shows after what was typed, and was not printed. */
function notShown(
  blocks: readonly Block[],
  typed: readonly Block[],
  outputs: readonly string[],
): { readonly line: number; readonly missing: readonly string[]; readonly printed: string }[] {
  return typed.flatMap((block, at) => {
    const shown = shownAfter(blocks, blocks.indexOf(block))
    const printed = outputs[at]!
    return shown ? [{ line: shown.line, missing: missingLines(shown, printed), printed }] : []
  })
}

/** Lines of the guide that were not printed. */
function missingLines({ content }: Block, output: string): string[] {
  let printed = output.split('\n')
  return content.split('\n').filter((line) => {
    if (line.trim() === '' || line.trim() === '…') return false
    const at = printed.findIndex((candidate) => patternOf(line).test(candidate))
    if (at < 0) return true
    printed = printed.slice(at + 1)
    return false
  })
}

/** Numbers, ids, times and sizes are others each time. */
function patternOf(line: string): RegExp {
  const words = line
    .trim()
    .replaceAll(/\d[\d.,]* (?:[KMGT]i)?B\b/g, '0')
    .replaceAll(/\d+ (?:s|min|h|d)\b/g, '0')
  const patterns = words.split(/\s+/).map((word) => {
    if (word === '…') return '.*'
    return /\d/.test(word)
      ? String.raw`\S+(?: (?:[KMGT]i)?B[,;]?| (?:s|min|h|d)[,;]?)?`
      : word.replaceAll(/[^\w\s]/g, String.raw`\$&`)
  })
  return new RegExp(String.raw`^\s*${patterns.join(String.raw`\s+`)}\s*$`)
}

/** Without what differs between languages. */
function withoutWords(content: string): string {
  return content
    .replaceAll(/^language: .*$/gm, 'language')
    .replaceAll(/(?<=^|\s)#.*$/gm, '')
    .replaceAll(/[ \t]+$/gm, '')
}

/** What the guides take to be there. */
async function makeMachine(dir: TempDir): Promise<void> {
  await makeFiles(dir.join('srv/shop'), {
    '.env': 'TOKEN=abc\n',
    'docker-compose.yml': 'services: {}\n',
    'uploads/logo.svg': '<svg/>\n',
    'uploads/photos/1.jpg': 'x'.repeat(200_000),
  })
  for (const folder of ['mnt/usb', 'mnt/nas', 'tmp', 'etc', 'home']) await mkdir(dir.join(folder), { recursive: true })
  using database = new DatabaseSync(dir.join('srv/shop/orders.db'))
  database.exec('create table orders (id integer primary key, item text); insert into orders (item) values (1), (2)')
}

function environmentOf(dir: TempDir): Record<string, string | undefined> {
  const inherited = Object.keys(process.env).filter((name) => /^(HIKAE|RESTIC|XDG)_/.test(name))
  return {
    ...Object.fromEntries(inherited.map((name) => [name, undefined])),
    PATH: [dirname(PROGRAM), process.env['PATH']].join(delimiter),
    HOME: dir.join('home'),
    NO_COLOR: '1',
    NODE_COMPILE_CACHE: undefined,
  }
}
