import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileAt, openRestBackend } from '@hikae/engine'
import { describeBackend, makeTempDir, type ContractSubject } from '@hikae/testkit'
import { afterAll } from 'vitest'
import { startHikaeServe } from './hikae-serve.ts'

const dir = await makeTempDir()
// The contract gives files names that are not their hashes; that this is noticed otherwise, the other tests show.
const args = ['--private-repos', '--no-verify-upload']
const server = await startHikaeServe(dir.join('served'), { users: ['alice'], args })

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await dir[Symbol.asyncDispose]()
})

let repositories = 0

async function open(): Promise<ContractSubject> {
  const name = `alice/${++repositories}`
  const backend = await openRestBackend({
    url: `${server.origin}/${name}/`,
    username: 'alice',
    password: 'alice secret',
  })
  return {
    backend,
    removesUnseen: ['key', 'lock', 'snapshot', 'index', 'pack'],
    addStray: async (kind, stray) => {
      const path = fileAt(join(server.folder, name), kind, stray)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, 'stray')
    },
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  }
}

describeBackend('hikae serve', open)
