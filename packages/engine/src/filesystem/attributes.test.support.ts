import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorCode } from '../native/system-call-error.ts'
import { writeExtendedAttribute } from './xattr.ts'

/** Whether files in the temporary directory may have user attributes: on a tmpfs before Linux 6.6 they may not. */
export const hasUserAttributes = probe()

function probe(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'attributes-'))
  try {
    writeFileSync(join(directory, 'file'), '')
    writeExtendedAttribute(join(directory, 'file'), { name: 'user.probe', value: null })
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOTSUP') return false
    throw error
  } finally {
    rmSync(directory, { recursive: true })
  }
}
