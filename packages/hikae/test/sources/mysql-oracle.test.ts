import { type MysqlServer, skipBecause, startMysql, whyNoMysql } from '@hikae/testkit'
import { afterAll } from 'vitest'
import { describeSource } from '../support/describe-source.ts'
import { mysqlSubject } from './mysql-subject.ts'

let server: Promise<MysqlServer> | undefined

afterAll(async () => {
  await (await server)?.[Symbol.asyncDispose]()
})

describeSource(
  'mysql (MySQL)',
  async (dir) => {
    server ??= startMysql()
    return await mysqlSubject(await server, dir.path)
  },
  { skip: skipBecause(await whyNoMysql()) },
)
