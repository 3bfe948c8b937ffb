import { expect, test } from 'vitest'
import { volumesOfTarget } from './restore-volumes.ts'

test('volumes are told from a project that is called so', () => {
  expect(volumesOfTarget('volumes:shop_data=shop_data_monday')).toBe('shop_data=shop_data_monday')
  expect(volumesOfTarget('volumes:restored-*')).toBe('restored-*')
  for (const other of ['volumes:/srv/shop', 'volumes:./shop', '/srv/volumes', 'shop:/srv', 'my-volumes:x']) {
    expect(volumesOfTarget(other)).toBeUndefined()
  }
})
