import { randomUUID } from 'node:crypto'

/** Where the parts of a cluster listen and lie. */
export interface ClusterPlace {
  readonly folder: string
  readonly monitorPorts: readonly [number, number]
}

/**
 * `ceph.conf` of a cluster of one monitor and one store in memory. What differs from the defaults makes a cluster of one
 * acceptable, and a start fast: with the default Paxos intervals every pool takes 2 s to make.
 */
export function clusterConfig({ folder, monitorPorts: [v2, v1] }: ClusterPlace): { fsid: string; text: string } {
  const fsid = randomUUID()
  const text = `[global]
fsid = ${fsid}
mon initial members = a
mon host = [v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = ${folder}/keyring
auth allow insecure global id reclaim = false
paxos propose interval = 0.05
paxos min wait = 0.01
mon data avail warn = 1
mon data avail crit = 1
mon allow pool size one = true
mon max pg per osd = 1000
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 4294967296
run dir = ${folder}/run
admin socket = ${folder}/run/$cluster-$name.asok
log file = ${folder}/log/$name.log
pid file = ${folder}/run/$name.pid
rgw dynamic resharding = false
rgw override bucket index max shards = 1
[mon.a]
mon data = ${folder}/mon
[osd.0]
osd data = ${folder}/osd
`
  return { fsid, text }
}
