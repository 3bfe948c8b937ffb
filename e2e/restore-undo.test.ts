import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { makeCheapRepository, type TempDir } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test as base } from './fixtures.ts'
import { Hikae, jsonLines, PASSWORD } from './hikae.ts'

/** `stack` is the program beside a hikae.yaml whose `uploads` were saved, changed and restored. */
const test = base.extend('stack', async ({ dir }) => {
  await makeStack(dir)
  const stack = new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
  await stack.ok(['backup'])
  await writeFile(dir.join('uploads/a'), 'changed')
  await rm(dir.join('notes'))
  await stack.ok(['restore', 'uploads', '--yes'])
  return stack
})

async function makeStack(dir: TempDir): Promise<void> {
  await makeCheapRepository(dir.join('usb'), PASSWORD)
  await makeFiles(dir.path, { 'uploads/a': 'saved', notes: 'saved', other: 'saved' })
  const lines = [
    'version: 1',
    'stack: shop',
    'repositories:',
    '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }',
    'sources:',
    '  uploads: { files: { paths: [uploads, notes] } }',
    '  other: { files: { paths: [other] } }',
    "  dump: { command: { run: [cat, other], name: x, restore: [sh, -c, 'cat >x'] } }",
    'jobs:',
    '  nightly: {}',
  ]
  await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n`)
}

const MISTAKES = [
  [['uploads', '--undo'], 2, 'add --yes'],
  [['uploads', '--finish'], 2, 'add --yes'],
  [['nobody', '--undo'], 2, 'nobody is no source of'],
  [['upload', '--undo'], 2, 'do you mean uploads?'],
  [['uploads', '--undo', '--to', '/tmp/x'], 2, '--undo does not go together with --to'],
  [['uploads', '--finish', '--target', '/tmp/x'], 2, '--finish does not go together with --target'],
  [['uploads', '--undo', '--exclude', 'x'], 2, '--undo does not go together with --exclude'],
  [['uploads', '--undo', '--finish'], 2, 'choose one of them'],
  [['uploads', 'other', '--undo'], 2, 'other'],
  [['uploads', '--undo', '--at', 'yesterday'], 2, "'yesterday' is no time"],
  [['uploads', '--undo', '--at', '2020-01-01'], 1, 'nothing is kept of uploads from that time or before'],
  [['other', '--finish', '--yes'], 1, 'nothing is kept of other'],
  [['dump', '--undo', '--yes'], 1, 'a restore of the kind command replaces nothing itself'],
] as const

const contentOf = (dir: TempDir): Promise<string> => readFile(dir.join('uploads/a'), 'utf8')

async function keptIn(dir: TempDir): Promise<string[]> {
  return (await readdir(dir.path)).filter((name) => name.includes('.before-')).toSorted()
}

describe.concurrent('hikae restore SOURCE --undo', () => {
  test('puts back what was there, tells the plan before, and can be undone itself', async ({ stack, dir, expect }) => {
    expect(await contentOf(dir)).toBe('saved')
    const plan = await stack.ok(['restore', 'uploads', '--undo', '--dry-run'])
    expect(plan.stdout).toMatch(/^undo the restore of uploads \(files\) of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d:$/m)
    expect(plan.stdout).toMatch(/1\. put \S+\/uploads\.before-\w+ back as \S+\/uploads, and keep what is there now as/)
    expect(plan.stdout).toMatch(/2\. move \S+\/notes, which was not there before, away to notes\.before-TIME/)
    expect(plan.stdout).toContain('Nothing was done.')
    expect(await contentOf(dir)).toBe('saved')
    const undone = await stack.ok(['restore', 'uploads', '--undo', '--yes'])
    expect(undone.stdout).toMatch(/^next: look whether all is well, then `hikae restore uploads --finish`/m)
    expect(await contentOf(dir)).toBe('changed')
    expect(await readdir(dir.path)).not.toContain('notes')
    await stack.ok(['restore', 'uploads', '--undo', '--yes'])
    expect(await contentOf(dir)).toBe('saved')
    expect(await readFile(dir.join('notes'), 'utf8')).toBe('saved')
  })

  test('takes the newest of several, or the one of a time', async ({ stack, dir, expect }) => {
    await writeFile(dir.join('uploads/a'), 'later')
    await stack.ok(['restore', 'uploads', '--yes'])
    const first = (await keptIn(dir)).find((name) => name.startsWith('uploads'))
    const [, year, month, day, hour, minute, second] = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(first!)!
    const at = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
    const plan = await stack.ok(['--json', 'restore', 'uploads', '--undo', '--dry-run'])
    expect(jsonLines(plan.stdout)).toMatchObject([
      { message_type: 'undo_plan', kept: [{}, { time: expect.any(String) }] },
    ])
    await stack.ok(['restore', 'uploads', '--undo', '--at', at, '--yes'])
    expect(await contentOf(dir)).toBe('changed')
  })

  test('says what is wrong, and does nothing then', async ({ stack, dir, expect }) => {
    for (const [args, code, message] of MISTAKES) {
      const { exitCode, stderr } = await stack.run(['restore', ...args])
      expect(stderr).toContain(message)
      expect(exitCode).toBe(code)
    }
    expect(await contentOf(dir)).toBe('saved')
    expect(await keptIn(dir)).toHaveLength(1)
  })
})

describe.concurrent('hikae restore SOURCE --finish', () => {
  test('removes what is kept, after it has said how much that is', async ({ stack, dir, expect }) => {
    const plan = await stack.ok(['restore', 'uploads', '--finish', '--dry-run'])
    expect(plan.stdout).toMatch(/1\. what the restore of .* has replaced: \S+\/uploads\.before-\w+ \(\d.*B\)/)
    expect(plan.stdout).toMatch(/Nothing was done\. It would free \d.*B\./)
    expect(await keptIn(dir)).toHaveLength(1)
    const done = await stack.ok(['--json', 'restore', 'uploads', '--finish', '--yes'])
    expect(jsonLines(done.stdout)).toMatchObject([{ message_type: 'finished', source: 'uploads', removed: [{}] }])
    expect(await keptIn(dir)).toEqual([])
    expect(await contentOf(dir)).toBe('saved')
    expect((await stack.run(['restore', 'uploads', '--undo', '--yes'])).exitCode).toBe(1)
  })
})

describe.concurrent('what is kept for long', () => {
  test('is named by status and doctor, with what to do', async ({ stack, dir, expect }) => {
    expect((await stack.run(['status'])).stdout).not.toContain('kept')
    const [name] = await keptIn(dir)
    await rename(dir.join(name!), dir.join('uploads.before-20260101T000000Z'))
    const status = await stack.run(['status'])
    expect(status.stdout).toMatch(
      /^uploads was restored \d+ d ago, and what was there is still kept: \S+uploads\.before/m,
    )
    expect(status.stdout).toContain('next: free the room with `hikae restore uploads --finish`')
    const json = JSON.parse((await stack.run(['--json', 'status'])).stdout) as { kept: unknown[] }
    expect(json.kept).toMatchObject([{ source: 'uploads', time: '2026-01-01T00:00:00.000Z' }])
    const doctor = await stack.run(['doctor'])
    expect(doctor.stderr).toBe('')
    expect(doctor.stdout).toMatch(/warning {2}source uploads: what a restore has replaced \d+ d ago is still kept, \d+/)
  })
})
