import { describe, expect, test } from 'vitest'
import {
  configDocument,
  networkDocument,
  nodeDocument,
  secretDocument,
  serviceDocument,
  settingsDocument,
  type SwarmContents,
} from '../documents.ts'
import { selectStacks } from '../select-stacks.ts'
import { inverse } from './change.ts'
import { planChanges, type WantedSide } from './plan-changes.ts'

const STACK = 'com.docker.stack.namespace'

function service(name: string, { task = {}, container = {}, labels = {} } = {}) {
  const TaskTemplate = { ...task, ContainerSpec: { Image: 'app:1', ...container } }
  return serviceDocument.parse({ Name: name, Labels: labels, TaskTemplate })
}

function network(name: string, more: object = {}) {
  return networkDocument.parse({ Name: name, Driver: 'overlay', Options: {}, Labels: {}, ...more })
}

function node(ID: string, Hostname: string, Labels = {}) {
  return nodeDocument.parse({ ID, Hostname, Role: 'manager', Availability: 'active', Labels, EngineVersion: '26' })
}

function side(contents: Partial<SwarmContents>, { values = [] as string[], data = 'data' } = {}): WantedSide {
  const nothing = { nodes: [], networks: [], configs: [], secrets: [], services: [] }
  return {
    contents: { settings: settingsDocument.parse({ Spec: {} }), ...nothing, ...contents },
    configData: async () => Buffer.from(data),
    values: new Set(values),
  }
}

const key = secretDocument.parse({ Name: 'key', Labels: {} })
const app = configDocument.parse({ Name: 'app', Labels: {} })
const usesKey = { Secrets: [{ SecretName: 'key', File: { Name: 'key' } }] }
const usesApp = { Configs: [{ ConfigName: 'app', File: { Name: '/app' } }] }

describe('what a restore of a swarm changes', () => {
  test('is nothing where all is as it was', async () => {
    const both = side({ networks: [network('inner')], configs: [app], services: [service('web')] })
    expect(await planChanges(both, both)).toMatchObject({ changes: [], refusals: [], findings: [] })
  })

  test('is made in an order in which each finds what it needs', async () => {
    const saved = side(
      {
        networks: [network('inner')],
        configs: [app],
        secrets: [key],
        services: [service('web', { container: usesKey })],
      },
      { values: ['key'] },
    )
    const { changes } = await planChanges(saved, side({}))
    expect(changes.map(({ object }) => object)).toEqual(['network', 'config', 'secret', 'service'])
    expect(inverse(changes).map(({ object }) => object)).toEqual(['service', 'config', 'network'])
  })

  test('leaves out services whose secret is neither there nor in the point', async () => {
    const saved = side({ secrets: [key], services: [service('web', { container: usesKey }), service('other')] })
    const planned = await planChanges(saved, side({}))
    expect(planned.changes.map(({ name }) => name)).toEqual(['other'])
    expect(planned).toMatchObject({ absentSecrets: ['key'], leftOut: ['web'], findings: [{ severity: 'error' }] })
  })

  test('uses a secret that is there, and makes one whose value a driver keeps', async () => {
    const driven = secretDocument.parse({ Name: 'driven', Labels: {}, Driver: { Name: 'vault' } })
    const planned = await planChanges(side({ secrets: [key, driven] }), side({ secrets: [key] }))
    expect(planned).toMatchObject({ presentSecrets: ['key'], absentSecrets: [] })
    expect(planned.changes.map(({ name }) => name)).toEqual(['driven'])
  })

  test('may be labels of a config that is in use, but not its content', async () => {
    const labelled = configDocument.parse({ Name: 'app', Labels: { a: 'b' } })
    const live = side({ configs: [app], services: [service('web', { container: usesApp })] })
    const labels = await planChanges(side({ configs: [labelled] }), live)
    expect(labels).toMatchObject({ refusals: [], changes: [{ object: 'config', name: 'app' }] })
    const content = await planChanges(side({ configs: [app] }, { data: 'unspoken' }), live)
    expect(content).toMatchObject({ changes: [], refusals: [{ severity: 'error' }] })
    expect(content.refusals[0]!.message).not.toMatch(/unspoken|dW5zcG9rZW4/)
  })

  test('leaves a network whose addresses are others, and refuses one that works in another way', async () => {
    const web = service('web', { task: { Networks: [{ Target: 'inner' }] } })
    const at = (Subnet: string) => ({ IPAM: { Driver: 'default', Config: [{ Subnet }] } })
    const live = side({ networks: [network('inner', at('10.0.2.0/24'))], services: [web] })
    const moved = await planChanges(side({ networks: [network('inner', at('10.0.1.0/24'))] }), live)
    expect(moved).toMatchObject({ changes: [], refusals: [], findings: [{ severity: 'warning' }] })
    const other = network('inner', { ...at('10.0.2.0/24'), Internal: true })
    expect(await planChanges(side({ networks: [other] }), live)).toMatchObject({ changes: [], refusals: [{}] })
    const unused = await planChanges(side({ networks: [other] }), side({ networks: live.contents.networks }))
    expect(unused).toMatchObject({ changes: [{ object: 'network' }], refusals: [] })
  })

  test('binds services to nodes of the same host name, and names nodes that are not there', async () => {
    const task = { Placement: { Constraints: ['node.id==old1', 'node.hostname != two', 'node.role == manager'] } }
    const saved = side({
      nodes: [node('old1', 'one'), node('old2', 'two', { disk: 'fast' })],
      services: [service('web', { task })],
    })
    const { changes, findings } = await planChanges(saved, side({ nodes: [node('new1', 'one', { disk: 'slow' })] }))
    const Constraints = ['node.id==new1', 'node.hostname != two', 'node.role == manager']
    expect(changes).toMatchObject([{ after: { TaskTemplate: { Placement: { Constraints } } } }])
    expect(findings.map(({ message }) => message)).toEqual([
      'the labels disk of the node two cannot be put back: there is no such node in the swarm',
      'the service web is bound to two, which is no node of this swarm: its tasks will wait',
    ])
  })

  test('adds labels to nodes and takes none away', async () => {
    const saved = side({ nodes: [node('1', 'one', { disk: 'fast' })] })
    const { changes } = await planChanges(saved, side({ nodes: [node('2', 'one', { disk: 'slow', gpu: 'yes' })] }))
    expect(changes).toEqual([
      {
        object: 'node',
        name: 'one',
        id: '2',
        before: { disk: 'slow', gpu: 'yes' },
        after: { disk: 'fast', gpu: 'yes' },
      },
    ])
  })

  test('locks no managers', async () => {
    const locked = settingsDocument.parse({
      Spec: { EncryptionConfig: { AutoLockManagers: true }, TaskDefaults: { a: 1 } },
    })
    const open = settingsDocument.parse({ Spec: { EncryptionConfig: { AutoLockManagers: false } } })
    const { changes } = await planChanges(side({ settings: locked }), side({ settings: open }))
    const Spec = { EncryptionConfig: { AutoLockManagers: false }, TaskDefaults: { a: 1 } }
    expect(changes).toMatchObject([{ object: 'settings', after: { Spec } }])
  })
})

test('a stack has with it what its services use of others', () => {
  const own = { labels: { [STACK]: 'shop' } }
  const { contents } = side({
    services: [service('shop_web', { ...own, container: { ...usesApp, ...usesKey } }), service('other')],
    configs: [app, configDocument.parse({ Name: 'unused', Labels: {} })],
    secrets: [key, secretDocument.parse({ Name: 'shop_idle', Labels: own.labels })],
  })
  const { services, configs, secrets } = selectStacks(contents, ['shop'])
  expect(services.map(({ Name }) => Name)).toEqual(['shop_web'])
  expect(configs.map(({ Name }) => Name)).toEqual(['app'])
  expect(secrets.map(({ Name }) => Name)).toEqual(['key', 'shop_idle'])
})
