import { expect, test } from 'vitest'
import { containerOfMounts } from './own-container.ts'

const ID = '3f'.repeat(32)

test('a container knows itself by the files that Docker mounts into it', () => {
  const inside = `
1218 1066 8:1 /var/lib/docker/volumes/data/_data /data rw,relatime - ext4 /dev/sda1 rw
1219 1066 8:1 /var/lib/docker/containers/${ID}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw
1220 1066 8:1 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw`
  expect(containerOfMounts(inside)).toBe(ID)
})

test("a host is no container, though it sees its containers' mounts", () => {
  const host = `
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
530 22 0:50 / /var/lib/docker/containers/${ID}/mounts/shm rw,nosuid - tmpfs shm rw,size=65536k`
  expect(containerOfMounts(host)).toBeUndefined()
  expect(containerOfMounts('')).toBeUndefined()
})
