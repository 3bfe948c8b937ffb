import { randomUUID } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { makeLoopDisk, makeTempDir, runOk, skipBecause, whyNoLoopDisk, type TempDir } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { fstabLine, parseFstab } from '../src/disks/fstab.ts'
import { readMarker } from '../src/disks/marker.ts'
import { applyPrepare } from '../src/disks/prepare/apply.ts'
import { addFstabLine } from '../src/disks/prepare/fstab-edit.ts'
import type { PrepareOptions } from '../src/disks/prepare/options.ts'
import { planPrepare } from '../src/disks/prepare/plan.ts'
import { searchPathOf } from '../src/disks/search-path.ts'
import { DiskSystem } from '../src/disks/system.ts'

const noDisk = skipBecause(await whyNoLoopDisk())
const TABLE = '# the table of a machine\n'
const system = new DiskSystem()
const now = new Date('2026-11-21T08:30:00Z')

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** `disk` is blank and not mounted; `asked` prepares it, with a table of file systems of the test's own. */
const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    await writeFile(dir.join('fstab'), TABLE)
    return dir
  })
  .extend('disk', async ({ dir }, { onCleanup }) => {
    const disk = await makeLoopDisk()
    onCleanup(() => disk[Symbol.asyncDispose]())
    await mkdir(dir.join('tools'))
    return disk
  })
  .extend('asked', ({ dir, disk }): PrepareOptions => ({
    device: disk.device,
    label: 'backup',
    mount: dir.join('mnt', 'backup'),
    fstab: dir.join('fstab'),
    newUuid: randomUUID(),
  }))
// oxlint-enable no-empty-pattern

const KINDS = ['format', 'make-mount-point', 'add-to-fstab', 'mount'] as const

/** A system one of whose programs does something else. */
async function systemWith(dir: TempDir, program: string, script: string): Promise<DiskSystem> {
  await writeFile(dir.join('tools', program), `#!/bin/sh\n${script}\n`)
  await chmod(dir.join('tools', program), 0o755)
  return new DiskSystem({ searchPath: `${dir.join('tools')}:${searchPathOf(undefined)}` })
}

async function linesFor(uuid: string, fstab: string) {
  return parseFstab(await readFile(fstab, 'utf8')).filter(({ source }) => source === `UUID=${uuid}`)
}

describe.skipIf(noDisk)('preparing a disk', () => {
  test('a plan changes nothing, and names every step', async ({ dir, disk, asked, expect }) => {
    const plan = await planPrepare(asked, system)
    expect(plan).toMatchObject({ device: disk.device, sizeBytes: 64 * 1024 * 1024, holds: [], uuid: asked.newUuid })
    expect(plan.steps.map(({ kind }) => kind)).toEqual(KINDS)
    expect(await disk.uuid()).toBe(undefined)
    expect((await readdir(dir.path)).sort()).toEqual(['fstab', 'tools'])
    expect(await readFile(asked.fstab, 'utf8')).toBe(TABLE)
  })

  test('makes a file system for backups alone, mounts it by one line, and marks it', async ({ asked, expect }) => {
    const plan = await planPrepare(asked, system)
    const done: string[] = []
    await applyPrepare(plan, asked, { system, now, onDone: ({ kind }) => done.push(kind) })
    expect(done).toEqual(KINDS)
    expect(await readMarker(asked.mount)).toEqual({
      uuid: asked.newUuid,
      label: 'backup',
      preparedAt: '2026-11-21T08:30:00.000Z',
    })
    const { stdout } = await runOk('dumpe2fs', ['-h', plan.device])
    expect(stdout).toMatch(/^Reserved block count:\s+0$/m)
    expect(stdout).toMatch(/^Filesystem volume name:\s+backup$/m)
    expect(await readFile(asked.fstab, 'utf8')).toBe(
      `${TABLE}${fstabLine({ uuid: asked.newUuid, mount: asked.mount })}\n`,
    )
    await runOk('findmnt', ['--verify', '--tab-file', asked.fstab])
  })

  test('makes a mount point that only root may write to while the disk is away', async ({ disk, asked, expect }) => {
    await applyPrepare(await planPrepare(asked, system), asked, { system, now })
    await disk.unmountLazily(asked.mount)
    expect((await stat(asked.mount)).mode & 0o777).toBe(0o700)
  })

  test.for(KINDS.map((kind, index) => [kind, index] as const))(
    'stopped after the step %s goes on with the rest',
    async ([kind, index], { asked, expect }) => {
      const stop = new AbortController()
      const reason = new Error('stopped')
      const plan = await planPrepare(asked, system)
      const first = applyPrepare(plan, asked, {
        system,
        now,
        signal: stop.signal,
        onDone: (step) => {
          if (step.kind === kind) stop.abort(reason)
        },
      })
      if (kind === 'mount') await first
      else await expect(first).rejects.toBe(reason)
      const again = { ...asked, newUuid: randomUUID() }
      const rest = await planPrepare(again, system)
      expect(rest).toMatchObject({ goesOn: true, uuid: asked.newUuid })
      expect(rest.steps.map((step) => step.kind)).toEqual(KINDS.slice(index + 1))
      await applyPrepare(rest, again, { system, now })
      expect(await readMarker(asked.mount)).toMatchObject({ uuid: asked.newUuid })
      expect(await linesFor(asked.newUuid, asked.fstab)).toHaveLength(1)
      expect((await planPrepare(again, system)).steps).toEqual([])
    },
  )

  test.for([
    ['fails', 'echo "no medium" >&2; exit 1', 'mkfs.ext4 exited with 1: no medium'],
    [
      'is killed',
      'for device; do :; done; head -c 1000000 /dev/urandom > "$device"; kill -KILL $$',
      'mkfs.ext4 was ended by SIGKILL',
    ],
  ])(
    'that %s at making the file system does nothing more, says why, and can be repeated',
    async ([, script, message], { dir, asked, expect }) => {
      const failing = await systemWith(dir, 'mkfs.ext4', script!)
      const done: string[] = []
      const run = applyPrepare(await planPrepare(asked, failing), asked, {
        system: failing,
        now,
        onDone: ({ kind }) => done.push(kind),
      })
      await expect(run).rejects.toMatchObject({
        code: 'TOOL_FAILED',
        message,
        hint: expect.stringContaining('run the same command again') as string,
      })
      expect(done).toEqual([])
      expect(await readFile(asked.fstab, 'utf8')).toBe(TABLE)
      await expect(stat(asked.mount)).rejects.toThrow('ENOENT')
      await applyPrepare(await planPrepare(asked, system), asked, { system, now })
      expect(await linesFor(asked.newUuid, asked.fstab)).toHaveLength(1)
    },
  )

  test('that mounts nothing, or something else, is no success', async ({ dir, asked, expect }) => {
    const lying = await systemWith(dir, 'mount', 'exit 0')
    const run = applyPrepare(await planPrepare(asked, lying), asked, { system: lying, now })
    await expect(run).rejects.toMatchObject({ code: 'DISK_NOT_MOUNTED' })
  })

  test('is refused when anything has changed since the plan', async ({ disk, asked, expect }) => {
    const plan = await planPrepare({ ...asked }, system)
    await runOk('mkfs.ext4', ['-q', disk.device])
    const uuid = await disk.uuid()
    await expect(applyPrepare(plan, asked, { system, now })).rejects.toMatchObject({ code: 'DISK_NOT_EMPTY' })
    const erasing = { ...asked, eraseUuid: uuid }
    await expect(applyPrepare(plan, erasing, { system, now })).rejects.toMatchObject({ code: 'PLAN_OUTDATED' })
    expect(await disk.uuid()).toBe(uuid)
  })

  test('leaves a file system without our mark alone, though it has our label', async ({ disk, asked, expect }) => {
    await runOk('mkfs.ext4', ['-q', '-L', asked.label, disk.device])
    await expect(planPrepare(asked, system)).rejects.toMatchObject({
      code: 'DISK_NOT_EMPTY',
      hint: expect.stringContaining(`--erase-uuid ${await disk.uuid()}`) as string,
    })
  })
})

describe.skipIf(noDisk)('the table of file systems', () => {
  test('keeps its mode, its faults of old, and a copy of what it was', async ({ dir, disk, asked, expect }) => {
    const before = `${TABLE}UUID=00000000-0000-4000-8000-000000000000 /absent ext4 defaults 0 2\nUUID=1 /x`
    await writeFile(dir.join('real'), before, { mode: 0o640 })
    await symlink('real', dir.join('link'))
    await runOk('mkfs.ext4', ['-q', '-U', asked.newUuid, disk.device])
    await mkdir(asked.mount, { recursive: true })
    const line = fstabLine({ uuid: asked.newUuid, mount: asked.mount })
    const kept = await addFstabLine(dir.join('link'), line, { system, now })
    expect(await readFile(kept!, 'utf8')).toBe(before)
    expect(await readFile(dir.join('real'), 'utf8')).toBe(`${before}\n${line}\n`)
    expect((await stat(dir.join('real'))).mode & 0o777).toBe(0o640)
    expect((await readdir(dir.path)).sort()).toEqual([
      'fstab',
      'link',
      'mnt',
      'real',
      'real.before-hikae-2026-11-21T08-30-00-000Z',
      'tools',
    ])
  })

  test('stays as it is when the new line is not accepted', async ({ dir, asked, expect }) => {
    const line = `UUID=${asked.newUuid} /absent/mount ext4 defaults 0 2`
    await expect(addFstabLine(asked.fstab, line, { system, now })).rejects.toMatchObject({
      code: 'FSTAB_REFUSED',
      message: expect.stringMatching(/unreachable on boot required (source|target)/) as string,
    })
    expect(await readFile(asked.fstab, 'utf8')).toBe(TABLE)
    expect((await readdir(dir.path)).sort()).toEqual(['fstab', 'tools'])
  })
})
