import { writeFile } from 'node:fs/promises'
import type { MysqlServer } from '@hikae/testkit'
import { vi } from 'vitest'
import { type MysqlConfig, mysqlSchema } from '../../src/sources/mysql/config.ts'
import { mysqlSource } from '../../src/sources/mysql/mysql-source.ts'
import type { SourceSubject } from '../support/describe-source.ts'

/** A little of everything that a database can have, in both products. */
const SCHEMA = `
create table account (
  id int primary key auto_increment,
  name varchar(100) character set utf8mb4 not null comment 'it''s a\\nname',
  doubled int generated always as (length(name) * 2) stored,
  state enum('new', 'paid') default 'new',
  unique key (name)
) comment 'accounts';
create table entry (
  id bigint primary key auto_increment,
  account int not null,
  body longblob,
  said json,
  at datetime(6) not null default '0000-00-00 00:00:00',
  price decimal(20, 6),
  flags bit(9),
  constraint owner foreign key (account) references account (id) on delete cascade,
  fulltext key words (note),
  note text
) default charset = utf8mb4;
create table month (day date not null, amount int) partition by range (year(day)) (
  partition old values less than (2020), partition rest values less than maxvalue
);
create table \`odd \`\` name 控え\` (\`a b\` int, primary key (\`a b\`));
insert into account (name) values ('plain'), ('quote '' and \\\\ and \\n and \\0 and \\Z'), ('控え🦊'), ('); INSERT INTO x VALUES (');
insert into entry (account, body, said, price, flags, note) values
  (1, 0x00ff0a0d1a27225c, '{"a": [1, "\\\\n"]}', -1.5, b'101010101', 'some words'),
  (2, '', null, null, null, null);
insert into month values ('2019-01-01', 1), ('2024-02-29', 2);
insert into \`odd \`\` name 控え\` values (1), (2);
create view paid as select id, name from account where state = 'paid';
create view names as select name from paid union select name from account;
create function twice(x int) returns int deterministic return x * 2;
delimiter //
create procedure shout(in what text)
begin
  -- Current Database: x
  select concat(what, ';
USE y;
');
end //
create trigger account_name before insert on account for each row
begin
  set new.name = trim(new.name);
end //
create event nightly on schedule every 1 day do begin delete from month where amount is null; end //
delimiter ;
`

export async function mysqlSubject(server: MysqlServer, folder: string): Promise<SourceSubject<MysqlConfig>> {
  const config = (more: object): MysqlConfig =>
    mysqlSchema.parse({
      socket: server.socket,
      password: { file: `${folder}/password` },
      users: false,
      programs: server.binDir,
      ...more,
    })
  await writeFile(`${folder}/password`, server.password)
  await dropAll(server)
  await server.query('create database shop character set utf8mb4; create database nothing; create database broken')
  await server.query(`set sql_mode = '';\n${SCHEMA}`, { database: 'shop' })
  await server.query('create table gone (id int); create view lost as select * from gone; drop table gone', {
    database: 'broken',
  })
  await makeLarge(server)
  return {
    kind: mysqlSource,
    config: config({ databases: ['shop'] }),
    folder,
    content: async (to = 'shop') => await contentOf(server, to),
    elsewhere: 'elsewhere',
    async change() {
      await server.query(
        `drop table month; drop trigger account_name; drop procedure shout; delete from entry; drop view names;
         create table extra (id int); insert into extra values (1); create view newer as select * from extra;
         create trigger extra_id before insert on extra for each row set new.id = 2`,
        { database: 'shop' },
      )
    },
    empty: config({ databases: ['nothing'] }),
    failing: config({ databases: ['broken', 'shop'] }),
    lasting: { config: config({ databases: ['held'] }), begun: () => waitForDump(server) },
    traces: async () => ({
      databases: await server.query('show databases'),
      connections: await connections(server),
    }),
    async [Symbol.asyncDispose]() {
      await dropAll(server)
    },
  }
}

/** All that a restore has to bring back, in words of the server that do not depend on where it is. */
async function contentOf(server: MysqlServer, database: string): Promise<unknown> {
  const ask = async (sql: string): Promise<string[]> => (await server.query(sql, { database })).split('\n')
  const tables = await ask(
    `select table_name from information_schema.tables where table_schema = database() order by table_name`,
  )
  const shown = tables.map((table) => `show create table \`${table.replaceAll('`', '``')}\`;`)
  const rows = tables.map((table) => `select * from \`${table.replaceAll('`', '``')}\` order by 1;`)
  const programs = await ask(
    `select event_object_table, trigger_name, action_statement from information_schema.triggers where trigger_schema = database() order by 2;
     select routine_name, routine_definition, dtd_identifier from information_schema.routines where routine_schema = database() order by 1;
     select event_name, event_definition from information_schema.events where event_schema = database() order by 1;
     select default_character_set_name from information_schema.schemata where schema_name = database()`,
  )
  return { tables, shown: await ask(shown.join('')), rows: await ask(rows.join('')), programs }
}

/** 60 MB that compress badly; made once for each server. */
async function makeLarge(server: MysqlServer): Promise<void> {
  const text = 'repeat(sha2(rand(), 256), 60)'
  await server.query(`
    create database if not exists held;
    create table if not exists held.large (id int primary key auto_increment, text text);
  `)
  if ((await server.query('select count(*) from held.large')) !== '0') return
  const doubling = `create table held.next (text text); insert into held.next select ${text} from held.large; insert into held.large (text) select text from held.next; drop table held.next;`
  await server.query(`insert into held.large (text) values (${text}); ${doubling.repeat(14)}`)
}

/** What clients ask the server for, when those that are gone have been noticed. */
async function connections(server: MysqlServer): Promise<string> {
  return await vi.waitFor(
    async () => {
      const dumping = await server.query(DUMPING)
      if (dumping !== '0') throw new Error(`${dumping} dumps are left`)
      return dumping
    },
    { timeout: 10_000, interval: 50 },
  )
}

const DUMPING = "select count(*) from information_schema.processlist where info like 'select%sql\\_no\\_cache%`large`%'"

async function dropAll(server: MysqlServer): Promise<void> {
  const names = await server.query(
    `select schema_name from information_schema.schemata where schema_name not in ('held', 'mysql', 'sys', 'information_schema', 'performance_schema')`,
  )
  const drops = names.split('\n').filter((name) => name !== '')
  await server.query(drops.map((name) => `drop database \`${name}\`;`).join(''))
}

/** The large table is being read. */
async function waitForDump(server: MysqlServer): Promise<void> {
  await vi.waitFor(
    async () => {
      if ((await server.query(DUMPING)) === '0') throw new Error('nothing is read yet')
    },
    { timeout: 30_000, interval: 20 },
  )
}
