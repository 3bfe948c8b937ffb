import { type MysqlServer, skipBecause, startMariadb, whyNoMariadb } from '@hikae/testkit'
import { afterAll } from 'vitest'
import { describeSource } from '../support/describe-source.ts'
import { mysqlSubject } from './mysql-subject.ts'

let server: Promise<MysqlServer> | undefined

afterAll(async () => {
  await (await server)?.[Symbol.asyncDispose]()
})

describeSource(
  'mysql (MariaDB)',
  async (dir) => {
    server ??= startMariadb()
    return await mysqlSubject(await server, dir.path)
  },
  { skip: skipBecause(await whyNoMariadb()) },
)
