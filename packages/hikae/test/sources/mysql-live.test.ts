import type { DirectoryEntry } from '@hikae/engine'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  bankTrouble,
  makeTempDir,
  type MysqlServer,
  runProcess,
  seedBank,
  skipBecause,
  startMariadb,
  startTransfers,
  type TempDir,
  whyNoMariadb,
} from '@hikae/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MysqlConfig, mysqlSchema } from '../../src/sources/mysql/config.ts'
import { mysqlSource } from '../../src/sources/mysql/mysql-source.ts'
import type { Finding } from '../../src/sources/finding.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { SourceGround } from '../support/source-ground.ts'
import type { RestoreOrder } from './mysql-restore-program.ts'

describe.skipIf(skipBecause(await whyNoMariadb()))('databases of MariaDB', () => {
  let server: MysqlServer
  let dir: TempDir
  let ground: SourceGround
  const owned = new AsyncDisposableStack()

  beforeAll(async () => {
    server = owned.use(await startMariadb())
    dir = owned.use(await makeTempDir())
    await writeFile(dir.join('password'), server.password)
  })
  afterAll(() => owned.disposeAsync())
  beforeEach(async () => {
    ground = await SourceGround.create(dir)
    const names = await server.query(
      "select schema_name from information_schema.schemata where schema_name not in ('mysql', 'sys', 'information_schema', 'performance_schema')",
    )
    await server.query(
      names === ''
        ? 'select 1'
        : names
            .split('\n')
            .map((name) => `drop database \`${name}\`;`)
            .join(''),
    )
  })

  const config = (more: object): MysqlConfig =>
    mysqlSchema.parse({ socket: server.socket, password: { file: dir.join('password') }, ...more })
  const restore = async (of: MysqlConfig, to?: string) => {
    const context = ground.context(dir.path)
    const options = to === undefined ? {} : { to }
    const plan = await mysqlSource.planRestore(of, await ground.point(), options, context)
    return await plan.apply(context.signal)
  }

  test('balance, and are of the same moment, while money moves in both of them', async () => {
    const of = config({ databases: ['bank*'] })
    for (const database of ['bank_a', 'bank_b']) await seedBank(server, { database, accounts: 100 })
    // In one transaction for both: whoever reads them at two moments sees different counts.
    await server.query(
      `create database ticker; create procedure ticker.both_for(in seconds int)
      begin
        declare til datetime default sysdate() + interval seconds second;
        create table if not exists bank_a.tick (id int primary key auto_increment);
        create table if not exists bank_b.tick (id int primary key auto_increment);
        while sysdate() < til do
          start transaction; insert into bank_a.tick values (); insert into bank_b.tick values (); commit;
        end while;
      end`
        .replaceAll('\n', ' ')
        .replace(/^(.*)$/, 'delimiter //\n$1 //\ndelimiter ;'),
    )
    const ticking = server.query('call ticker.both_for(4)')
    await using writing = await startTransfers(server, { database: 'bank_a' })
    const { reading } = await ground.backUp(mysqlSource, of, ground.context(dir.path))
    expect(reading).toMatchObject({ findings: [] })
    await writing.stop()
    await ticking
    await restore(of, 'copy_of_*')
    expect(await bankTrouble(server, { database: 'copy_of_bank_a' })).toBeUndefined()
    const counts = await server.query(
      'select count(*) from copy_of_bank_a.tick; select count(*) from copy_of_bank_b.tick',
    )
    const [one, other] = counts.split('\n')
    expect(one).toBe(other)
  })

  test('are the old or the new one, whole, wherever a restore is killed, and the next command says which', async () => {
    await server.query(`create database shop; use shop; create table item (id int primary key); insert into item values (1);
      create table other (id int); create trigger guard before insert on item for each row set new.id = new.id + 0;
      create view items as select * from item`)
    const state = async (): Promise<string> =>
      await server.query(
        `select group_concat(table_name order by 1) from information_schema.tables where table_schema = database();
         select group_concat(trigger_name) from information_schema.triggers where trigger_schema = database(); select * from items`,
        { database: 'shop' },
      )
    await ground.backUp(mysqlSource, config({ databases: ['shop'] }), ground.context(dir.path))
    const restored = await state()
    const killing = dir.join('killing')
    const saved = await savedPoint(dir, await ground.point())
    const seen = new Set<string>()
    for (let call = 8; ; call += 3) {
      await server.query(
        `drop trigger if exists shop.guard; drop trigger if exists shop.late; truncate shop.item; insert into shop.item values (2), (3);
         create or replace view shop.items as select * from shop.item; create trigger shop.late before insert on shop.item for each row set new.id = 9`,
      )
      const before = await state()
      await makeKillingPrograms(killing, server.binDir, call)
      if (await restoreWhole(dir, saved, killing)) {
        expect(await state()).toBe(restored)
        break
      }
      const findings = await mysqlSource.examine(config({ databases: ['shop'] }), ground.context(dir.path))
      expect([before, restored]).toContain(await state())
      for (const { message } of findings) seen.add(message.replaceAll(/.*; it is|shop_new_\S+|: .*/g, '…'))
      expect(findings.filter(({ severity }: Finding) => severity === 'error')).toEqual([])
      const left = await server.query("show databases like '%\\_new\\_%'")
      expect(left).toBe('')
      for (const kept of await mysqlSource.kept!(config({ databases: ['shop'] }), ground.context(dir.path))) {
        await kept.remove(ground.context(dir.path))
      }
      expect(await server.query("show databases like '%\\_before\\_%'")).toBe('')
    }
    expect([...seen].join('\n')).toMatch(/finished|taken back/)
  })

  /** In a process of its own. @returns false when it was killed */
  const restoreWhole = async (
    at: TempDir,
    saved: Pick<RestoreOrder, 'saved' | 'paths' | 'facts'>,
    programs: string,
  ) => {
    const { socket } = server
    const order: RestoreOrder = {
      ...{ folder: at.path, ...saved },
      config: { socket, password: { file: at.join('password') }, databases: ['shop'], programs },
    }
    const program = join(import.meta.dirname, 'mysql-restore-program.ts')
    const { stdout, stderr, signal } = await runProcess(process.execPath, [
      '-C',
      '@hikae/source',
      program,
      JSON.stringify(order),
    ])
    if (signal !== 'SIGKILL' && stdout !== 'whole\n') throw new Error(stderr)
    return signal !== 'SIGKILL'
  }

  test('are not saved when their server dies on the way', async () => {
    await server.query(`create database shop; create table shop.item (id int primary key auto_increment, text text);
      insert into shop.item (text) values (repeat('x', 5000));${'insert into shop.item (text) select text from shop.item;'.repeat(12)}`)
    await using source = await mysqlSource.open(config({ databases: ['shop'] }), ground.context(dir.path))
    await server.kill()
    try {
      await expect(readAll(source.root)).rejects.toThrow(/cannot dump shop/)
      await expect(source.finish()).rejects.toThrow(/not read to its end/)
    } finally {
      await server.start()
    }
  })

  test('say what is wrong: the password, a right that is missing, a table without a moment', async () => {
    await server.query(`create database shop; create table shop.item (id int) engine = MyISAM;
      create or replace user little@localhost identified by 'little'; grant select on shop.* to little@localhost`)
    await writeFile(dir.join('little'), 'little')
    const context = ground.context(dir.path)
    const wrong = await mysqlSource.examine(config({ user: 'little' }), context)
    expect(wrong).toMatchObject([
      { severity: 'error', message: expect.stringContaining('1045'), hint: expect.stringContaining('password') },
    ])
    expect(JSON.stringify(wrong)).not.toContain(server.password)
    const little = config({ user: 'little', password: { file: dir.join('little') }, users: false })
    const rights = await mysqlSource.examine(little, context)
    expect(rights.map(({ hint }) => hint ?? '').join('\n')).toContain(
      "as an administrator: GRANT SHOW VIEW, TRIGGER, EVENT ON `shop`.* TO 'little'@'localhost';",
    )
    const { reading } = await ground.backUp(mysqlSource, config({ databases: ['shop'] }), context)
    expect(reading!.findings).toMatchObject([{ message: expect.stringContaining('shop.item') }])
    const locked = await ground.backUp(mysqlSource, config({ databases: ['shop'], nonTransactional: 'lock' }), context)
    expect(locked.reading!.findings).toEqual([])
  })
})

/** Clients that kill who has started them with the call of this number, before or after they have done what they were to. */
async function makeKillingPrograms(folder: string, programs: string, call: number): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  const script = [
    '#!/bin/sh',
    `echo >>${folder}/calls`,
    `if [ "$(wc -l <${folder}/calls)" -ge ${call} ]; then`,
    call % 2 === 0 ? '' : `  ${programs}/mariadb "$@" >/dev/null`,
    '  kill -KILL $PPID; exit 1',
    'fi',
    `exec ${programs}/mariadb "$@"`,
  ]
  await writeFile(join(folder, 'mariadb'), `${script.join('\n')}\n`)
  await chmod(join(folder, 'mariadb'), 0o755)
}

/** Its files in a folder, for another process. */
async function savedPoint(dir: TempDir, point: SourcePoint): Promise<Pick<RestoreOrder, 'saved' | 'paths' | 'facts'>> {
  const saved = dir.join('saved')
  await point.writeTo(saved)
  const paths: string[] = []
  for await (const { path, type } of point.entries()) if (type === 'file') paths.push(path)
  return { saved, paths, facts: point.facts }
}

async function readAll(directory: DirectoryEntry): Promise<void> {
  for await (const entry of directory.children(new AbortController().signal)) {
    if (entry.kind === 'directory') await readAll(entry)
    else if (entry.kind === 'file' && entry.content.kind === 'stream') {
      for await (const part of entry.content.open(new AbortController().signal)) void part
    }
  }
}
