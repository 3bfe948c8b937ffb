import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { compose, makeTempDir, startDocker, type TempDir, type TestDocker, BASE_IMAGE } from '@hikae/testkit'
import { engineAt } from '../../src/migration/engine-at.ts'
import { migrate, type MigrationWork } from '../../src/migration/migrate.ts'
import type { Engines, MigrationReport, MigrationRequest } from '../../src/migration/migration.ts'
import { type MigrationPlan, planMigration } from '../../src/migration/plan.ts'
import { migrationsFolder } from '../../src/migration/unfinished/migration-record.ts'
import { unfinishedMigrations } from '../../src/migration/unfinished/settle-migrations.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'

/** A service that others depend on, with an own network, a bind mount, an env file and a secret; and one that never runs. */
const COMPOSE_FILE = `
services:
  db:
    image: test/base:1
    init: true
    command: [sh, -c, 'trap "exit 0" TERM; while :; do date +%s%N >>/data/rows; sleep 0.01; done']
    volumes: ['data:/data', '/anonymous']
    networks: { inner: { aliases: [database] } }
    healthcheck: { test: [CMD, test, -s, /data/rows], interval: 1s, start_period: 5s, retries: 3 }
    stop_grace_period: 2s
  web:
    image: IMAGE
    init: true
    command: [sh, -c, 'httpd -p 80 -h /site; exec sleep 100000']
    env_file: [web.env]
    volumes: ['./site:/site:ro', '/etc/hostname:/host-name:ro']
    secrets: [token]
    networks: [inner, outer]
    depends_on: { db: { condition: service_healthy } }
    stop_grace_period: 1s
    restart: unless-stopped
  tool:
    image: test/base:1
    command: ['true']
    profiles: [tools]
networks:
  inner: { internal: true }
  outer: {}
volumes:
  data: { labels: { purpose: rows } }
secrets:
  token: { file: ./secrets/token }
`

/** Two Docker Engines, and what tests of a migration between them need. */
export class MigrateGround implements AsyncDisposable {
  readonly from: TestDocker
  readonly to: TestDocker
  readonly dir: TempDir
  /** What migrations have told. */
  readonly logged: string[] = []
  #projects = 0

  private constructor(from: TestDocker, to: TestDocker, dir: TempDir) {
    this.from = from
    this.to = to
    this.dir = dir
  }

  static async start(): Promise<MigrateGround> {
    const [from, to, dir] = await Promise.all([startDocker(), startDocker({ hasBaseImage: false }), makeTempDir()])
    return new MigrateGround(from, to, dir)
  }

  /** For the program and its parts: nothing of it lies in the home of whoever runs the tests. */
  get env(): Record<string, string> {
    return { PATH: process.env['PATH']!, XDG_STATE_HOME: this.dir.join('xdg') }
  }

  context(signal: AbortSignal = new AbortController().signal): ReadContext {
    return {
      ...{ stack: 'migrate', source: 'migrate', folder: '/', env: this.env, signal },
      scratchFolder: () => Promise.reject(new Error('not wanted')),
      stateFolder: () => migrationsFolder(this.env),
      log: (line) => void this.logged.push(line),
    }
  }

  /** Has the other side have the same image. */
  async bringBaseImage(): Promise<void> {
    const file = this.dir.join('base.tar')
    await this.from.docker('save', '--output', file, BASE_IMAGE)
    await this.to.docker('load', '--input', file)
  }

  async engines(owned: AsyncDisposableStack): Promise<Engines> {
    const context = this.context()
    return {
      from: owned.use(await engineAt(this.from.host, context)),
      to: owned.use(await engineAt(this.to.host, context)),
    }
  }

  async plan(request: MigrationRequest): Promise<MigrationPlan> {
    await using owned = new AsyncDisposableStack()
    return await planMigration(request, await this.engines(owned), new AbortController().signal)
  }

  /** @param changed what is another than usual */
  async migrate(
    request: MigrationRequest,
    changed: Partial<MigrationWork> & { readonly engines?: (engines: Engines) => Engines } = {},
  ): Promise<MigrationReport> {
    await using owned = new AsyncDisposableStack()
    const { engines: other = (given: Engines) => given, ...work } = changed
    const engines = other(await this.engines(owned))
    const plan = await planMigration(request, engines, new AbortController().signal)
    return await migrate(plan, engines, {
      ...{ context: this.context(), onProgress: () => undefined, now: new Date(), ...work },
    })
  }

  /** A project with a network and a volume, and nothing in it. @returns flags of `docker run` for its container, too */
  async emptyProject(): Promise<{ readonly project: MovingProject; readonly flags: readonly string[] }> {
    const project = new MovingProject(this, `small${++this.#projects}`)
    const { name, folder } = project
    await project.write({ 'compose.yaml': 'services: {}\n' })
    const labels = { project: name, 'project.working_dir': folder, service: 'app' }
    await this.from.docker('network', 'create', '--label', `com.docker.compose.project=${name}`, `${name}_inner`)
    await this.from.docker('volume', 'create', '--label', `com.docker.compose.project=${name}`, `${name}_data`)
    const given = Object.entries(labels).flatMap(([key, value]) => ['--label', `com.docker.compose.${key}=${value}`])
    return { project, flags: ['--network', `${name}_inner`, ...given] }
  }

  /** A project of one container, as Compose would have made it. @param more flags of `docker run`, the image and its command */
  async smallProject(...more: readonly string[]): Promise<MovingProject> {
    const { project, flags } = await this.emptyProject()
    const own = [
      '--name',
      project.container('app'),
      '--init',
      '--stop-timeout',
      '1',
      '--volume',
      `${project.name}_data:/data`,
    ]
    await this.from.docker('run', '--detach', ...own, ...flags, ...more)
    return project
  }

  /** A project that runs on the source: a database and a web server, whose image no other project has. */
  async project(): Promise<MovingProject> {
    const project = new MovingProject(this, `shop${++this.#projects}`)
    await this.#makeImage(`${project.name}-web:1`)
    await project.write({
      'compose.yaml': COMPOSE_FILE.replace('IMAGE', `${project.name}-web:1`),
      'web.env': 'GREETING=hello\n',
      'secrets/token': 'secret\n',
      'site/index.html': 'it works\n',
      '.env': `COMPOSE_PROJECT_NAME=${project.name}\n`,
    })
    await compose(this.from, project.folder, 'up', '--detach')
    return project
  }

  async #makeImage(name: string): Promise<void> {
    const box = await this.from.docker('create', '--env', `NAME=${name}`, BASE_IMAGE)
    await this.from.docker('commit', box, name)
    await this.from.docker('rm', box)
  }

  /** Names of all that is on one side. */
  async traces(docker: TestDocker = this.to): Promise<unknown> {
    const lines = async (...args: string[]): Promise<string[]> => (await docker.docker(...args)).split('\n').toSorted()
    return {
      volumes: await lines('volume', 'ls', '--format', '{{.Name}}'),
      containers: await lines('ps', '--all', '--format', '{{.Names}}'),
      networks: await lines('network', 'ls', '--format', '{{.Name}}'),
      images: await lines('image', 'ls', '--all', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}'),
    }
  }

  /** What migrations that are over have not finished. */
  async left(): Promise<string[]> {
    const held = (await readdir(await migrationsFolder(this.env))).filter((name) => name.startsWith('held-'))
    return [...(await unfinishedMigrations(this.context())).map(({ what }) => what), ...held]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.from[Symbol.asyncDispose](), this.to[Symbol.asyncDispose]()])
    await this.dir[Symbol.asyncDispose]()
  }
}

/** A Compose project that is moved. */
export class MovingProject {
  readonly name: string
  /** Where its files are, and where they go. */
  readonly folder: string
  readonly newFolder: string
  readonly #ground: MigrateGround

  constructor(ground: MigrateGround, name: string) {
    this.#ground = ground
    this.name = name
    this.folder = ground.dir.join('old', name)
    this.newFolder = ground.dir.join('new', name)
  }

  request(source: MigrationRequest['source'] = 'runs'): MigrationRequest {
    return { what: { kind: 'project', name: this.name, folder: this.newFolder }, source }
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.folder, name)), { recursive: true })
      await writeFile(join(this.folder, name), content)
    }
  }

  container(service: string): string {
    return `${this.name}-${service}-1`
  }

  /** Where the content of one of its volumes is. */
  volume(key: string, docker: TestDocker = this.#ground.from): string {
    return `${docker.dataRoot}/volumes/${this.name}_${key}/_data`
  }

  async rows(docker: TestDocker): Promise<string[]> {
    return (await readFile(join(this.volume('data', docker), 'rows'), 'utf8')).split('\n').filter(Boolean)
  }

  async state(service: string, docker: TestDocker): Promise<string> {
    return await docker.docker('inspect', '--format', '{{.State.Status}}', this.container(service))
  }
}

export function movedVolumes(...names: string[]): MigrationRequest {
  return { what: { kind: 'volumes', names }, source: 'runs' }
}
