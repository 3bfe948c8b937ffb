import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeTempDir } from '@hikae/testkit'
import { expect, test as base } from 'vitest'
import { defaultComposeFiles, readComposeFiles } from './compose-files.ts'

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('project', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return {
    path: dir.join('Shop 2'),
    join: (name: string) => dir.join('Shop 2', name),
    async write(files: Readonly<Record<string, string>>) {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(dir.join('Shop 2', name)), { recursive: true })
        await writeFile(dir.join('Shop 2', name), content)
      }
    },
  }
})

test('what a project is made of', async ({ project }) => {
  await project.write({
    '.env': 'TAG=15\nDATA=./data\n',
    'compose.yaml': `
include: [sub/compose.yaml]
x-common: &common
  env_file: [common.env, { path: maybe.env, required: false }]
services:
  db:
    <<: *common
    image: postgres:\${TAG}
    volumes: ['pgdata:/var/lib/postgresql/data', '\${DATA}/init:/init:ro', /anonymous]
  web:
    image: shop
    extends: { file: base/service.yaml, service: web }
    volumes: [{ type: bind, source: /etc/localtime, target: /etc/localtime }]
volumes:
  pgdata:
  shared: { external: true }
  named: { name: special }
configs: { nginx: { file: ./nginx.conf } }
secrets: { key: { file: ./secrets/key }, fromEnv: { environment: KEY } }
`,
    'compose.override.yaml': 'services: { web: { ports: !override [8080:80] } }\nvolumes: { named: {}, shared: }\n',
    'sub/compose.yaml': 'services: { worker: { image: worker, volumes: [./jobs:/jobs] } }\n',
    'base/service.yaml': 'services: { web: { env_file: web.env, volumes: [./static:/static] } }\n',
  })
  const paths = await defaultComposeFiles(project.path)
  expect(paths).toEqual([project.join('compose.yaml'), project.join('compose.override.yaml')])
  const read = await readComposeFiles(paths, { env: {} })
  expect(read.name).toBe('shop2')
  const file = (name: string, role: string, isRequired = true) => ({ path: project.join(name), role, isRequired })
  expect(read.files.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
    file('.env', 'env'),
    file('base/service.yaml', 'compose'),
    file('base/web.env', 'env'),
    file('common.env', 'env'),
    file('compose.override.yaml', 'compose'),
    file('compose.yaml', 'compose'),
    file('maybe.env', 'env', false),
    file('nginx.conf', 'config'),
    file('secrets/key', 'secret'),
    file('sub/compose.yaml', 'compose'),
  ])
  expect(read.binds).toEqual([
    { service: 'worker', source: project.join('sub/jobs'), target: '/jobs' },
    { service: 'db', source: project.join('data/init'), target: '/init' },
    { service: 'web', source: project.join('base/static'), target: '/static' },
    { service: 'web', source: '/etc/localtime', target: '/etc/localtime' },
  ])
  expect(read.volumes).toEqual([
    { key: 'pgdata', name: 'shop2_pgdata', isExternal: false, isUsed: true },
    { key: 'shared', name: 'shared', isExternal: true, isUsed: false },
    { key: 'named', name: 'special', isExternal: false, isUsed: false },
  ])
  expect(read.services).toEqual([
    { name: 'worker', image: 'worker' },
    { name: 'db', image: 'postgres:15' },
    { name: 'web', image: 'shop' },
  ])
})

test.for([
  ['name: given\nservices: {}', {}, 'given'],
  ['services: {}', { COMPOSE_PROJECT_NAME: 'from-env' }, 'from-env'],
] as const)('the name of %j with %j is %s', async ([content, env, name], { project }) => {
  await project.write({ 'compose.yml': content })
  expect(await readComposeFiles([project.join('compose.yml')], { env })).toMatchObject({ name })
})

test('the name may stand in .env', async ({ project }) => {
  await project.write({ 'compose.yml': 'name: other', '.env': 'COMPOSE_PROJECT_NAME=mine' })
  expect(await readComposeFiles([project.join('compose.yml')], { env: {} })).toMatchObject({ name: 'mine' })
})

test.for([
  ['services: [', /compose\.yml:1 is no Compose file/],
  ['services: { web: 5 }', /compose\.yml is no Compose file: services\.web/],
  ['include: [compose.yml]', /includes itself/],
  ['services: { a: { extends: { file: absent.yml, service: a } } }', /cannot read .*absent\.yml/],
  ['services: { a: { extends: { file: compose.yml, service: b } } }', /extends b of .*where it is not/],
] as const)('%s is refused', async ([content, message], { project }) => {
  await project.write({ 'compose.yml': content })
  await expect(readComposeFiles([project.join('compose.yml')], { env: {} })).rejects.toThrow(message)
})

test('a folder without a project has no files', async ({ project }) => {
  await project.write({ 'readme.md': '' })
  expect(await defaultComposeFiles(project.path)).toEqual([])
})
