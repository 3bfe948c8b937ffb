import { spawnSync } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { cString, lastError, nativeFunction } from './libc.ts'
import { errorCode, isSystemError, SystemCallError } from './system-call-error.ts'

const access = nativeFunction<(path: Uint8Array, mode: number) => number>('access', 'int', ['const uint8_t *', 'int'])

test('a function of the C library is called with the bytes it is given', () => {
  expect(access()(cString('/'), 0)).toBe(0)
})

test('a failed call tells its error as Node does', () => {
  expect(access()(cString('/\xff\n'), 0)).toBe(-1)
  const error = lastError('access', '/\xff\n')
  expect(error).toMatchObject({ code: 'ENOENT', errno: -2, syscall: 'access', path: '/\\xff\\x0a' })
  expect(error.message).toBe("ENOENT: no such file or directory, access '/\\xff\\x0a'")
})

test('errors that Node has no name for have one all the same', () => {
  expect(new SystemCallError(122, 'write').code).toBe('EDQUOT')
  expect(new SystemCallError(9999, 'write').code).toBe('E9999')
})

test('a string with a NUL in it is refused, since C would see the beginning of it', () => {
  expect(() => cString('/etc/passwd\0.txt')).toThrow(expect.objectContaining({ code: 'EINVAL' }))
})

test('only errors of the system count as such', () => {
  expect(isSystemError(new SystemCallError(2, 'open'))).toBe(true)
  expect(isSystemError(new TypeError('a bug'))).toBe(false)
  expect(errorCode(new DOMException('stopped', 'AbortError'))).toBeUndefined()
})

test('nothing is loaded before the first call', () => {
  const program = `
    import { nativeFunction } from ${JSON.stringify(new URL('libc.ts', import.meta.url).href)}
    const getpid = nativeFunction('getpid', 'int', [])
    const loaded = () => process.report.getReport().sharedObjects.some((path) => path.includes('koffi'))
    const before = loaded()
    console.log(before, getpid()() === process.pid, loaded())`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  expect(stdout).toBe('false true true\n')
})

test('worker threads have it too, with errors of their own', async () => {
  const program = `
    import { parentPort } from 'node:worker_threads'
    import { cString, lastError, nativeFunction } from ${JSON.stringify(new URL('libc.ts', import.meta.url).href)}
    const access = nativeFunction('access', 'int', ['const uint8_t *', 'int'])
    const result = access()(cString('/nowhere'), 0)
    parentPort.postMessage([result, lastError('access').code])`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`))
  const [message] = (await once(worker, 'message')) as [unknown]
  expect(message).toEqual([-1, 'ENOENT'])
  await worker.terminate()
})
