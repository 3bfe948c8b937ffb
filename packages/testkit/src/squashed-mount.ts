import { mkdir, writeFile } from 'node:fs/promises'
import { isRoot, missingPrograms } from './requirements.ts'
import { runOk, startProcess } from './run-process.ts'
import { makeTempDir } from './temp-dir.ts'

/** A folder that is mounted at another place, where root is nobody for files of other users. */
export interface SquashedMount extends AsyncDisposable {
  readonly path: string
}

/** System calls, by their numbers: the same on all machines for those that are so young. */
const MOUNT = `
my ($source, $target, $namespace) = @ARGV;
sub call { my ($number, @given) = @_; my $got = syscall($number, @given); die "$!\\n" if $got < 0; return $got }
open(my $users, '<', $namespace) or die "$!\\n";
my $tree = call(428, -100, $source, 1);
my $settings = pack('QQQQ', 0x100000, 0, 0, fileno($users));
call(442, $tree, '', 0x1000, $settings, length $settings);
call(429, $tree, '', -100, $target, 4);
`

/** Why {@link mountSquashed} cannot work here; undefined when it can. */
export async function whyNoSquashedMount(): Promise<string | undefined> {
  if (!isRoot()) return 'mounting needs root'
  return await missingPrograms('perl', 'unshare', 'umount')
}

/**
 * Mounts a folder as a file server gives it with `root_squash`: users from 1000 on have no numbers there, so that root has no
 * power over their files. For processes that are started afterwards with mounts of their own.
 */
export async function mountSquashed(source: string): Promise<SquashedMount> {
  await using owned = new AsyncDisposableStack()
  const dir = owned.use(await makeTempDir())
  const path = dir.join('mounted')
  await mkdir(path)
  await using users = await startProcess('unshare', ['--user', 'sh', '-c', 'echo there; exec sleep 60'])
  await users.printed('there')
  for (const map of ['uid_map', 'gid_map']) await writeFile(`/proc/${users.pid}/${map}`, '0 0 1000')
  await runOk('perl', ['-e', MOUNT, source, path, `/proc/${users.pid}/ns/user`])
  owned.defer(async () => void (await runOk('umount', ['--lazy', path])))
  const mounted = owned.move()
  return { path, [Symbol.asyncDispose]: () => mounted.disposeAsync() }
}
