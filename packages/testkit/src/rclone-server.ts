import { answers, startDaemon, type Daemon } from './daemon.ts'
import { findFreePorts } from './free-ports.ts'
import { makeTempDir } from './temp-dir.ts'

export interface RcloneRestOptions {
  /** Where the repository's files are. */
  readonly folder: string
  readonly appendOnly?: boolean
  /** Without it, nobody is asked who they are. */
  readonly user?: string
  readonly password?: string
  /** Paths of PEM files. */
  readonly tls?: { readonly certificatePath: string; readonly keyPath: string }
  /** A free one by default. */
  readonly port?: number
}

export interface RcloneRest extends AsyncDisposable {
  /** Of the repository, without credentials, with a slash at its end. */
  readonly url: string
  readonly port: number
}

/**
 * The REST server of Debian's rclone, on 127.0.0.1. It replaces files unless it is append-only, writes in place (a file under
 * way can be seen), and looks at nobody's names. Disposing of it kills it.
 */
export async function startRcloneRest(options: RcloneRestOptions): Promise<RcloneRest> {
  const { folder, appendOnly = false, user, password, tls } = options
  const port = options.port ?? (await findFreePorts(1))[0]!
  const address = `127.0.0.1:${port}`
  const flags = [
    ...(appendOnly ? ['--append-only'] : []),
    ...(tls ? ['--cert', tls.certificatePath, '--key', tls.keyPath] : []),
  ]
  await using owned = new AsyncDisposableStack()
  const dir = owned.use(await makeTempDir())
  const daemon: Daemon = owned.use(
    await startDaemon('rclone', ['serve', 'restic', '--addr', address, ...flags, folder], {
      log: dir.join('log'),
      env: {
        ...NO_RCLONE_CONFIG,
        ...(user === undefined ? {} : { RCLONE_USER: user }),
        ...(password === undefined ? {} : { RCLONE_PASS: password }),
      },
    }),
  )
  // Whatever it answers, also to plain HTTP where it speaks TLS, it is there.
  await daemon.waitUntil(() => answers(`http://${address}/`))
  const stack = owned.move()
  return {
    url: `http${tls ? 's' : ''}://${address}/`,
    port,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** For rclone's environment: it knows no remotes but those that its arguments describe. */
export const NO_RCLONE_CONFIG = { RCLONE_CONFIG: '/dev/null' } as const
