import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const LAUNCHER = fileURLToPath(new URL('../../bin/hikae', import.meta.url))
const GLIBC_LOADERS = { x64: '/lib64/ld-linux-x86-64.so.2', arm64: '/lib/ld-linux-aarch64.so.1' }
const arch = process.arch === 'arm64' ? 'arm64' : 'x64'

let folder = ''
let home = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikae launcher '))
  home = join(folder, 'lib', 'node_modules', 'hikae')
  mkdirSync(join(home, 'bin'), { recursive: true })
  mkdirSync(join(home, 'dist', 'cli'), { recursive: true })
  copyFileSync(LAUNCHER, join(home, 'bin', 'hikae'))
  writeFileSync(join(home, 'dist', 'cli', 'main.js'), '')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A program that tells its name, version or what it is called with. */
function fakeNode(path: string, major: number): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(
    path,
    `#!/bin/sh
case $1 in
  -e) exit ${major >= 24 ? 0 : 1} ;;
  --version) echo v${major}.0.0 ;;
  *) printf '%s\\n' "node ${major}" "$@" ;;
esac
`,
  )
  chmodSync(path, 0o755)
}

function launch(path: string, args: string[], searched: string[] = []) {
  const result = spawnSync(path, args, {
    encoding: 'utf8',
    cwd: folder,
    env: { PATH: [...searched, '/usr/bin:/bin'].join(':') },
  })
  const [node, ...words] = result.stdout.split('\n').filter(Boolean)
  // Flags for Node come before the program.
  const program = words.findIndex((word) => word.endsWith('main.js'))
  return { status: result.status, node, words: words.slice(Math.max(0, program)), stderr: result.stderr }
}

describe.skipIf(!existsSync(GLIBC_LOADERS[arch]))('with the Node that came along', () => {
  test('it is found in the packages around, also through symlinks and spaces, and gets every argument as it is', () => {
    fakeNode(join(folder, 'lib', 'node_modules', `node-linux-${arch}`, 'bin', 'node'), 24)
    mkdirSync(join(folder, 'bin'))
    symlinkSync('../lib/node_modules/hikae/bin/hikae', join(folder, 'bin', 'hikae'))
    symlinkSync(join(folder, 'bin', 'hikae'), join(folder, 'short cut'))
    expect(launch(join(folder, 'short cut'), ['backup', 'a  b', '', '$HOME', '*'])).toEqual({
      status: 0,
      node: 'node 24',
      words: [join(home, 'dist', 'cli', 'main.js'), 'backup', 'a  b', '$HOME', '*'],
      stderr: '',
    })
  })

  test('the nearest one wins, and it goes before the one on PATH', () => {
    fakeNode(join(folder, 'lib', 'node_modules', `node-linux-${arch}`, 'bin', 'node'), 25)
    fakeNode(join(home, 'node_modules', `node-linux-${arch}`, 'bin', 'node'), 24)
    fakeNode(join(folder, 'path', 'node'), 26)
    expect(launch(join(home, 'bin', 'hikae'), [], [join(folder, 'path')]).node).toBe('node 24')
  })
})

describe('without it', () => {
  test('a new enough Node on PATH is used', () => {
    fakeNode(join(folder, 'path', 'node'), 24)
    expect(launch(join(home, 'bin', 'hikae'), ['version'], [join(folder, 'path')])).toMatchObject({
      status: 0,
      node: 'node 24',
      words: [join(home, 'dist', 'cli', 'main.js'), 'version'],
    })
  })

  test('an old one is refused with what to do', () => {
    fakeNode(join(folder, 'path', 'node'), 20)
    const { status, words, stderr } = launch(join(home, 'bin', 'hikae'), [], [join(folder, 'path')])
    expect({ status, words }).toEqual({ status: 2, words: [] })
    expect(stderr).toMatch(/^hikae: Node.js 24 or newer is needed \(found v20\.0\.0 on PATH\)\nnext: install/)
  })
})

test('a program that was not built is told', () => {
  rmSync(join(home, 'dist'), { recursive: true })
  const { status, stderr } = launch(join(home, 'bin', 'hikae'), [])
  expect(status).toBe(2)
  expect(stderr).toMatch(/main\.js is missing\nnext: in a clone, run script\/bootstrap/)
})
