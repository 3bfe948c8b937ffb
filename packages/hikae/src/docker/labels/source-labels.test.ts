import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { SourceKind } from '../../sources/source-kind.ts'
import type { ContainerSummary } from '../containers/container.ts'
import { sourcesOfLabels } from './source-labels.ts'

const volumes = {
  name: 'docker-volumes',
  config: z.strictObject({
    names: z.array(z.string()).min(1),
    quiesce: z
      .union([z.enum(['stop', 'none']), z.strictObject({ exec: z.strictObject({ before: z.array(z.string()) }) })])
      .default('none'),
    most: z.int().optional(),
    isWanted: z.boolean().optional(),
    inner: z.strictObject({ host: z.string() }).optional(),
  }),
  ofContainer: ({ mounts }, said) => (said['names'] === undefined ? { names: mounts.map(({ name }) => name) } : {}),
} as Partial<SourceKind> as SourceKind
const command = {
  name: 'command',
  config: z.strictObject({ run: z.array(z.string()).min(1) }),
} as Partial<SourceKind> as SourceKind

function container(name: string, labels: Readonly<Record<string, string>>): ContainerSummary {
  const mounts = [{ type: 'volume', name: `${name}_data`, source: '/v', destination: '/data', isWritable: true }]
  const rest = { id: name, image: 'app', imageId: 'sha256:1', command: 'app', state: 'running', ports: [] } as const
  return { ...rest, name, labels, mounts }
}

function read(...containers: readonly ContainerSummary[]) {
  return sourcesOfLabels(containers, [volumes, command])
}

test('a container says what of it is to be saved', () => {
  const { sources, problems } = read(
    container('db', {
      'other.label': 'x',
      'hikae.source.data.kind': 'docker-volumes',
      'hikae.source.data.quiesce': 'stop',
      'hikae.source.data.job': 'nightly',
      'hikae.source.data.description': 'the shop',
    }),
  )
  expect(problems).toEqual([])
  expect(sources).toMatchObject([
    {
      name: 'data',
      kind: { name: 'docker-volumes' },
      config: { names: ['db_data'], quiesce: 'stop' },
      written: { names: ['db_data'], quiesce: 'stop' },
      job: 'nightly',
      description: 'the shop',
      container: 'db',
    },
  ])
})

test('text is taken for what the kind wants', () => {
  const { sources, problems } = read(
    container('a', {
      'hikae.source.one.kind': 'docker-volumes',
      'hikae.source.one.names': '[x, "y, z"]',
      'hikae.source.one.most': '5',
      'hikae.source.one.isWanted': 'true',
      'hikae.source.one.inner.host': 'unix:///s',
      'hikae.source.one.quiesce.exec.before': 'sync',
      'hikae.source.two.kind': 'command',
      'hikae.source.two.run': 'date',
    }),
  )
  expect(problems).toEqual([])
  expect(sources.map(({ config }) => config)).toEqual([
    {
      names: ['x', 'y, z'],
      ...{ most: 5, isWanted: true, inner: { host: 'unix:///s' }, quiesce: { exec: { before: ['sync'] } } },
    },
    { run: ['date'] },
  ])
})

describe('what makes no source', () => {
  test.for([
    [{ 'hikae.source.x.names': 'a' }, 'hikae.source.x.kind', 'it is missing'],
    [{ 'hikae.source.x.kind': 'docker-volume' }, 'hikae.source.x.kind', 'did you mean docker-volumes?'],
    [{ 'hikae.source.x.kind': 'command' }, 'hikae.source.x.run', 'expected array'],
    [{ 'hikae.source.x.kind': 'docker-volumes', 'hikae.source.x.nmaes': 'a' }, 'hikae.source.x', 'nmaes'],
    [{ 'hikae.source.x.kind': 'docker-volumes', 'hikae.source.x.most': 'many' }, 'hikae.source.x.most', 'expected'],
    [{ 'hikae.source.kind': 'command' }, 'hikae.source.kind', 'write hikae.source.NAME.KEY=VALUE'],
    [{ 'hikae.source.a b.kind': 'command' }, 'hikae.source.a b.kind', 'write hikae.source.NAME.KEY=VALUE'],
    [
      { 'hikae.source.x.kind': 'docker-volumes', 'hikae.source.x.inner': 'a', 'hikae.source.x.inner.host': 'b' },
      'hikae.source.x.inner.host',
      'has a value, and names below it',
    ],
  ] as const)('%j', ([labels, label, words]) => {
    const { sources, problems } = read(container('web', { ...labels }))
    const [problem] = problems
    expect(problem!.severity).toBe('error')
    expect(problem!.message).toContain(`the label ${label} of the container web: `)
    expect(problem!.message).toContain(words)
    expect(sources.filter(({ name }) => name === 'a b')).toEqual([])
  })

  test('two containers with one name for different things', () => {
    const labels = { 'hikae.source.x.kind': 'docker-volumes' }
    const { sources, problems } = read(container('b', labels), container('a', labels))
    expect(sources).toMatchObject([{ container: 'a' }])
    expect(problems).toMatchObject([
      { message: expect.stringContaining('the container a has another source of that name') },
    ])
  })

  test('replicas, which mean the same', () => {
    const labels = { 'hikae.source.x.kind': 'command', 'hikae.source.x.run': 'date' }
    expect(read(container('a-1', labels), container('a-2', labels))).toMatchObject({
      sources: [{ name: 'x' }],
      problems: [],
    })
  })
})
