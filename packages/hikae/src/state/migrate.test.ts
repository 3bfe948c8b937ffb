import { DatabaseSync } from 'node:sqlite'
import { test as base } from 'vitest'
import { migrate } from './migrate.ts'

const test = base.extend('database', ({}, { onCleanup }) => {
  const database = new DatabaseSync(':memory:')
  onCleanup(() => database.close())
  return database
})

const STEPS = [
  'create table a (x integer) strict; insert into a values (1)',
  'alter table a add column y integer; update a set y = x + 1',
]

const version = (database: DatabaseSync): unknown => database.prepare('pragma user_version').get()?.['user_version']

test('a database takes the steps that it lacks, once', ({ database, expect }) => {
  migrate(database, 'f', STEPS.slice(0, 1))
  expect(version(database)).toBe(1)
  migrate(database, 'f', STEPS)
  migrate(database, 'f', STEPS)
  expect(version(database)).toBe(2)
  expect({ ...database.prepare('select * from a').get() }).toEqual({ x: 1, y: 2 })
})

test('a step that fails leaves the database as it was', ({ database, expect }) => {
  migrate(database, 'f', STEPS.slice(0, 1))
  expect(() => migrate(database, 'f', [...STEPS, 'insert into a values (3, 4); insert into b values (1)'])).toThrow('b')
  expect(version(database)).toBe(1)
  expect({ ...database.prepare('select * from a').get() }).toEqual({ x: 1 })
})

test('a later version is refused by name', ({ database, expect }) => {
  database.exec('pragma user_version = 7')
  expect(() => migrate(database, '/x/state.db', STEPS)).toThrow(
    '/x/state.db was written by a later Hikae: its version is 7, this one knows up to 2',
  )
  expect(version(database)).toBe(7)
})
