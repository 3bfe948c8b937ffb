import { type Backend, FileMissingError, type FileKind } from './backend.ts'

/** Removes a file that somebody else may have removed already. @returns whether it was there */
export async function removeIfPresent(
  backend: Backend,
  kind: FileKind,
  name: string,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await backend.remove(kind, name, signal)
    return true
  } catch (error) {
    if (error instanceof FileMissingError) return false
    throw error
  }
}
