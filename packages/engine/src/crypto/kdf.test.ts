import { expect, test } from 'vitest'
import { Cipher } from './cipher.ts'
import { deriveUserKey } from './kdf.ts'

test('the reference password and salt give the reference user key, and open the master key', async () => {
  const salt = Buffer.from(
    '3M8kZfPNXMu7U3+oXa3vkqBtdkwS25n5ssepH8CdYo/fs6bboEmbCYwSLSH41o8fq0na/OjNuMxFcqG26dxdCA==',
    'base64',
  )
  const data = Buffer.from(
    'HkIFFxSB4cp9c694CDHG+Y0ywRMmLdsE1ZUThNX50aN3+qWaKnfspa5eBL1nCLqb4hUEOduPxzxe7oI/CUHO83u29LYugedd95ncwABtX1qrVAqaYUtpBhxK/sPO9kzf/gdqFNGAfcVwEiD4kEDQSKih2TR63k4FzcfJ5WDbZTrUReMtdbb4CkOzAS788BofE2UdzoeqKE/FnUahWYEgNA==',
    'base64',
  )
  const user = await deriveUserKey('test-vector', salt, { N: 32_768, r: 8, p: 4 })
  expect(Buffer.from(user.encrypt).toString('hex')).toBe(
    'b455869d7ce23297373310c885b6c4062b8206e974392fa63af63ec5757ae09e',
  )
  expect(Buffer.from(user.macK).toString('hex')).toBe('2079ae663f90bcb6a34f7a0ac5964d11')
  expect(Buffer.from(user.macR).toString('hex')).toBe('2b3cadbc6ba7d175e9ff6e137ba7fc2d')
  expect(salt.length).toBe(64)
  expect(new Cipher(user).open(data).toString()).toBe(
    '{"mac":{"k":"fvN5/rA+Il/Vcuc3e+8qrw==","r":"lM4NFIOvk80sPfCZRtltRQ=="},"encrypt":"bAEVnYZc07cqQN2bc+44/V+ZkSosJL7zYCsZpUcRhxc="}',
  )
})
