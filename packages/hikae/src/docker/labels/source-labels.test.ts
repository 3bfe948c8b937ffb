import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { SourceKind } from '../../sources/source-kind.ts'
import type { ContainerSummary } from '../containers/container.ts'
import { sourcesOfLabels } from './source-labels.ts'

const volumes = {
  name: 'docker-volumes',
  config: z.strictObject({
    engine: z.strictObject({ host: z.string() }).optional(),
    names: z.array(z.string()).min(1),
    quiesce: z
      .union([z.enum(['stop', 'none']), z.strictObject({ exec: z.strictObject({ before: z.array(z.string()) }) })])
      .default('none'),
    most: z.int().optional(),
    isWanted: z.boolean().optional(),
    inner: z.strictObject({ host: z.string() }).optional(),
  }),
  ofContainer: ({ mounts }, said) => ({
    written: said['names'] === undefined ? { names: mounts.map(({ name }) => name) } : {},
    findings: mounts.length > 1 ? [{ severity: 'warning', message: 'one of them is large', hint: 'wait' }] : [],
  }),
} as Partial<SourceKind> as SourceKind
const files = {
  name: 'container-files',
  config: z.strictObject({ container: z.string(), paths: z.array(z.string()).min(1) }),
  ofContainer: ({ name }, { container }) => ({ written: container === undefined ? { container: name } : {} }),
} as Partial<SourceKind> as SourceKind
const nothing = {
  name: 'nothing',
  config: z.strictObject({}),
  ofContainer: () => ({ written: {}, findings: [{ severity: 'error', message: 'it has nothing' }] }),
} as Partial<SourceKind> as SourceKind
const command = { name: 'command', config: z.strictObject({ run: z.array(z.string()) }) } as Partial<SourceKind>
const kinds = [volumes, files, nothing, command as SourceKind]
const common = z.strictObject({ description: z.string().optional(), mayBeEmpty: z.boolean().default(false) })

function container(name: string, labels: Readonly<Record<string, string>>, volumes = 1): ContainerSummary {
  const mount = { type: 'volume', name: `${name}_data`, source: '/v', destination: '/data', isWritable: true }
  const mounts = Array.from({ length: volumes }, () => mount)
  const rest = { id: name, image: 'app', imageId: 'sha256:1', command: 'app', state: 'running', ports: [] } as const
  return { ...rest, name, labels, mounts }
}

function read(...containers: readonly ContainerSummary[]) {
  return sourcesOfLabels(containers, { kinds, common })
}

test('a container says what of it is to be saved', () => {
  const { sources, findings } = read(
    container('db', {
      'other.label': 'x',
      'hikae.source.data.kind': 'docker-volumes',
      'hikae.source.data.quiesce': 'stop',
      'hikae.source.data.job': 'nightly',
      'hikae.source.data.description': 'the shop',
      'hikae.source.data.mayBeEmpty': 'true',
    }),
  )
  expect(findings).toEqual([])
  expect(sources).toMatchObject([
    {
      name: 'data',
      kind: { name: 'docker-volumes' },
      config: { names: ['db_data'], quiesce: 'stop' },
      written: { names: ['db_data'], quiesce: 'stop' },
      common: { description: 'the shop', mayBeEmpty: true },
      job: 'nightly',
      container: 'db',
    },
  ])
})

test('text is taken for what the kind wants', () => {
  const { sources, findings } = read(
    container('a', {
      'hikae.source.one.kind': 'docker-volumes',
      'hikae.source.one.names': '[x, "y, z"]',
      'hikae.source.one.most': '5',
      'hikae.source.one.isWanted': 'true',
      'hikae.source.one.inner.host': 'unix:///s',
      'hikae.source.one.quiesce.exec.before': 'sync',
      'hikae.source.two.kind': 'container-files',
      'hikae.source.two.paths': '/app',
    }),
  )
  expect(findings).toEqual([])
  const configs = [
    {
      names: ['x', 'y, z'],
      ...{ most: 5, isWanted: true, inner: { host: 'unix:///s' }, quiesce: { exec: { before: ['sync'] } } },
    },
    { container: 'a', paths: ['/app'] },
  ]
  expect(sources.map(({ config }) => config)).toEqual(configs)
  // As a stack file would have it, so that it can be read again.
  expect(sources.map(({ written }) => written)).toEqual(configs)
})

test('a source is on the engine that its container was found on', () => {
  const labels = { 'hikae.source.data.kind': 'docker-volumes' }
  const engine = { host: 'ssh://app' }
  const { sources } = sourcesOfLabels([container('db', labels)], { kinds, common, engine })
  expect(sources).toMatchObject([{ config: { engine, names: ['db_data'] }, written: { engine } }])
})

test('what should be known of a source is told with its container, and the source is there', () => {
  const { sources, findings } = read(container('db', { 'hikae.source.data.kind': 'docker-volumes' }, 2))
  expect(sources).toHaveLength(1)
  expect(findings).toEqual([
    {
      severity: 'warning',
      message: 'the label hikae.source.data of the container db: one of them is large',
      ...{ hint: 'wait', source: 'data' },
    },
  ])
})

describe('what makes no source', () => {
  test.for([
    [{ 'hikae.source.x.names': 'a' }, 'hikae.source.x.kind', 'it is missing'],
    [{ 'hikae.source.x.kind': 'docker-volume' }, 'hikae.source.x.kind', 'did you mean docker-volumes?'],
    [{ 'hikae.source.x.kind': 'container-files' }, 'hikae.source.x.paths', 'it is missing'],
    [{ 'hikae.source.x.kind': 'command' }, 'hikae.source.x.kind', 'write a source of the kind command in hikae.yaml'],
    [{ 'hikae.source.x.kind': 'nothing' }, 'hikae.source.x', 'it has nothing'],
    [{ 'hikae.source.x.kind': 'docker-volumes', 'hikae.source.x.job': '[a]' }, 'hikae.source.x.job', 'one job'],
    [
      { 'hikae.source.x.kind': 'docker-volumes', 'hikae.source.x.mayBeEmpty': 'x' },
      'hikae.source.x.mayBeEmpty',
      'expected',
    ],
    [
      { 'hikae.source.x.kind': 'docker-volumes', 'hikae.source.x.engine.host': 'ssh://elsewhere' },
      'hikae.source.x.engine',
      'its own engine only',
    ],
    [{ 'hikae.source.x.kind': 'docker-volumes', 'hikae.source.x.nmaes': 'a' }, 'hikae.source.x', 'nmaes'],
    [{ 'hikae.source.x.kind': 'docker-volumes', 'hikae.source.x.most': 'many' }, 'hikae.source.x.most', 'expected'],
    [{ 'hikae.source.kind': 'docker-volumes' }, 'hikae.source.kind', 'write hikae.source.NAME.KEY=VALUE'],
    [{ 'hikae.source.a b.kind': 'docker-volumes' }, 'hikae.source.a b.kind', 'write hikae.source.NAME.KEY=VALUE'],
    [
      { 'hikae.source.x.kind': 'docker-volumes', 'hikae.source.x.inner': 'a', 'hikae.source.x.inner.host': 'b' },
      'hikae.source.x.inner.host',
      'has a value, and names below it',
    ],
  ] as const)('%j', ([labels, label, words]) => {
    const { sources, findings } = read(container('web', { ...labels }))
    const [problem] = findings
    expect(problem!.severity).toBe('error')
    expect(problem!.message).toContain(`the label ${label} of the container web: `)
    expect(problem!.message).toContain(words)
    expect(sources.filter(({ name }) => name === 'a b')).toEqual([])
  })

  test('two containers with one name for different things', () => {
    const labels = { 'hikae.source.x.kind': 'docker-volumes' }
    const { sources, findings } = read(container('b', labels), container('a', labels))
    expect(sources).toMatchObject([{ container: 'a' }])
    expect(findings).toMatchObject([
      { message: expect.stringContaining('the container a has another source of that name') },
    ])
  })

  test('replicas, which mean the same', () => {
    const labels = { 'hikae.source.x.kind': 'docker-volumes', 'hikae.source.x.names': 'shared' }
    expect(read(container('a-1', labels), container('a-2', labels))).toMatchObject({
      sources: [{ name: 'x' }],
      findings: [],
    })
  })

  test('a container of `docker compose run`, which has the labels of its service', () => {
    const labels = { 'hikae.source.x.kind': 'docker-volumes', 'com.docker.compose.oneoff': 'True' }
    expect(read(container('a-run-1', labels))).toEqual({ sources: [], findings: [] })
  })
})
