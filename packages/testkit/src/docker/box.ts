/**
 * The first process of a machine within the machine: its own network, processes, `/run`, host names and name server, none
 * of which outlives it. It keeps a program running: one that ends is started again, unless the file `$DOWN` is there.
 *
 * Arguments: the program and what it is given. Its output goes to `$LOG`.
 */
export const BOX_INIT = `
set -e
ip link set lo up
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/box
echo "127.0.0.1 localhost $(hostname)" >/run/box/hosts
# Without this, each lookup of a name waits for a server that nobody can reach.
echo 'nameserver 127.0.0.1' >/run/box/resolv.conf
mount --bind /run/box/hosts /etc/hosts
resolv=$(readlink -m /etc/resolv.conf)
mkdir -p "$(dirname "$resolv")"
[ -e "$resolv" ] || touch "$resolv"
mount --bind /run/box/resolv.conf "$resolv"
set +e
while :; do
  "$@" >>"$LOG" 2>&1 </dev/null
  while [ -e "$DOWN" ]; do sleep 0.02; done
done
`

/** What `unshare` has to keep apart. When it is killed, everything inside ends with it. */
export const BOX_NAMESPACES = [
  ...['--net', '--mount', '--pid', '--ipc', '--fork', '--kill-child=SIGKILL', '--mount-proc'],
  ...['--propagation', 'private'],
]
