/**
 * A repository as restic 0.18.0 wrote it: one snapshot with one file, `hello.txt`, which holds `hello restic` and a line
 * feed. Paths as in a local repository; content in base64.
 */
export const TEST_VECTOR: Readonly<Record<string, string>> = {
  config:
    'kf54M2eg/5q8ly6MUpybtnsatbn/rwC1N3sn0NEAFV9kCaNlp2LV4pLI8oh8zLcZ5zpxO7R+Jv7kRzFwuz+LLkciYcE2YMr1GhxW' +
    'slc0GMa247RtwOQY2FQrbMGdEkme8y4rt1cy1X5w+1sElnyKt8AlRbs1ogNPPjHm+TpNQRysy1uTwGzNd/ayYDhnQp9i00YulG35' +
    'NQ5DpI0=',
  'keys/b656cfaab4d22a37fe887d32a50f2972753cf2e9a83172687b517f7e82730ed0':
    'eyJjcmVhdGVkIjoiMjAyNi0xMS0yMVQwMTozMzoyNS44NDkwNzEwMDVaIiwidXNlcm5hbWUiOiJyb290IiwiaG9zdG5hbWUiOiJ2' +
    'bSIsImtkZiI6InNjcnlwdCIsIk4iOjMyNzY4LCJyIjo4LCJwIjo0LCJzYWx0IjoiM004a1pmUE5YTXU3VTMrb1hhM3ZrcUJ0ZGt3' +
    'UzI1bjVzc2VwSDhDZFlvL2ZzNmJib0VtYkNZd1NMU0g0MW84ZnEwbmEvT2pOdU14RmNxRzI2ZHhkQ0E9PSIsImRhdGEiOiJIa0lG' +
    'RnhTQjRjcDljNjk0Q0RIRytZMHl3Uk1tTGRzRTFaVVRoTlg1MGFOMytxV2FLbmZzcGE1ZUJMMW5DTHFiNGhVRU9kdVB4enhlN29J' +
    'L0NVSE84M3UyOUxZdWdlZGQ5NW5jd0FCdFgxcXJWQXFhWVV0cEJoeEsvc1BPOWt6Zi9nZHFGTkdBZmNWd0VpRDRrRURRU0tpaDJU' +
    'UjYzazRGemNmSjVXRGJaVHJVUmVNdGRiYjRDa096QVM3ODhCb2ZFMlVkem9lcUtFL0ZuVWFoV1lFZ05BPT0ifQ==',
  'snapshots/8d1f4f19a0c73cac9d247dfab3cd3315fe6bbb0eab51ed0f8a9e3ec614e713d9':
    'R548Km8s+kGomCyz6yxJx26xId4mmZZkyfcqzI+r8ovN2RjQuTPF2ovvVHak0F9vKRMAwJAxSBJu5Ht05Qm64KMwKa4Mv1eX/xYe' +
    'DFDquY471bj5tuXadXRP+NuDvQgFrmdT7a4VN7Mp0a6T1UuP8E8V2hvvQDg1Q6QIFruOUocrEDHfbI2AhgqNBOvGLKPP1Nwz0x/Z' +
    'dEY2430XwqzTLbo1ASfd2mTNtO9GqhG19TanEBj6t4x5gUmkPpYKjMVYJWlTTS/wy3ZVdnXP7VrfNQePDLC/CpM5b1L1krSleCnN' +
    'ACfGWQLcLYWrxbSs7DOw53NdYNvOZf0woIyK8zX2jPHGokTml/lo8xXWjF28XcOee2mLIwhsvDxY+PiAeGqFJpVJlHpOu+/hVioH' +
    'NgL0TWWlWHAM1ywrU4XNTiTXVMIyVFvDLNzzxWSNgYSWQQtEjgFaoi0z8CVFQb+TvXWFZynaGi3finkxJXO29bVz',
  'index/2d34e4cb764d905feb0aa862ed41ab2ac0306041b14d87e6643eed043b9f470b':
    'dmkM1QgGnqJ+r4gJNT3GDm8Y3hWTM7xm8BCg073e3Gtc29Iw6uGcELTcUhVX/biEsxotbKwgtJkU1sEL5CcnVLIAyT2surdW/P2r' +
    'kIQquFynp/Lr17CHmAALTBKTds4MaMb2LNFM/faYqPKcnMdO7gE25M/lEkk0ezU6h6y8EVP1JOtqIByKmDunL4Pf9qU7tFsclM0i' +
    'iHT5h3xwl5eGht2YJHjXWqSSoivJ7nf0KfKsA5xCqHdbGFvdTznnR1OhtFgUTOWNxDd+Xdv0yhJVuer21smQSaF47tggJtkTJlJj' +
    'Ahu1OrWz4NcmbtgMVdPawQZgnb/J9lsZYXGWdZqDn6q1cUqy0Q9TMXeXHKWCLf4qgf/Ho1QFsQU1/gwSP7R8gsZ46PzSH6hZ1Hfc' +
    'OSerGmnVHkg=',
  'data/1e/1eab91f6d4dffa4f30905b84a4229921e6cda253a436fcd5de01dd1fbe1e1fff':
    'nyMakeVz+eh5zkwb3FP3AVQEUvEieQ7q2h9HW0b+8UOzr+B3kIEZhdjxIZYV+wxOd7s9cLblXhqVl7RBGwcu+yJdELWI8ygAyVX/' +
    'pZyeDAQouz1PrU9abpogYapIIZ9MEzPPBZRlzbGU+NXyKSzGxFHIlbSk/QxBsl64IigNgEkAAAA=',
  'data/ca/cabee19a2ebeb07536f019c2395cd1d18602cca18d0ee0aeb089b7506ce17720':
    'Z/v5eXMea6F1HFmkNS4N+MARdMW9sjS3akBAN1gymKAwPX53/WsTAgxXagI8SaSdMMCMOkSeMltVriGifJ40hEOMm187yDtS6VrU' +
    '9zwnJDrxj7nSEO+6cWYXwGXp+lp85+P6pNWjvkkHTLR1jSMzmsmTI05lXNzLWzceY0ToIonK0w9SyB6dCWg4hAqPmVUY9aldfKX+' +
    'YDUXIq2bUxztX+L+uSbXEyvFQm3NMpyfB0/Cf3WF/6lWwHxgvzcRXxOGFsNaxkEjm8ksFmyOWKN+wG4Ab4u/Jt3ypKvtGu5Uyd+3' +
    '2cZLHFvSkePf5nV+A3SbpffXU2geF92xwztkZGOnhQcFRg3q5RBYt4mNuMgNuJUeDUur1WIESQAAAA==',
}

export const TEST_VECTOR_PASSWORD = 'test-vector'

/** What the files say when they are decrypted. */
export const TEST_VECTOR_PLAINTEXT = {
  keyId: 'b656cfaab4d22a37fe887d32a50f2972753cf2e9a83172687b517f7e82730ed0',
  encrypt: 'bAEVnYZc07cqQN2bc+44/V+ZkSosJL7zYCsZpUcRhxc=',
  macK: 'fvN5/rA+Il/Vcuc3e+8qrw==',
  macR: 'lM4NFIOvk80sPfCZRtltRQ==',
  repositoryId: 'f361c95ff7a48342028e07808736ac1ff057d10ffd50dfb594a717636e227bff',
  chunkerPolynomial: 0x3179dbc0ec90bbn,
  snapshotId: '8d1f4f19a0c73cac9d247dfab3cd3315fe6bbb0eab51ed0f8a9e3ec614e713d9',
  indexId: '2d34e4cb764d905feb0aa862ed41ab2ac0306041b14d87e6643eed043b9f470b',
  treeId: '20751b5229a7208b8eb9d4d8e40187128e00213b2e454083c96cd63266e37f94',
  dataId: 'fbbd69198637d5360353c39796181175de6311c2a61abe2fe6392c938018660f',
  tree:
    '{"nodes":[{"name":"hello.txt","type":"file","mode":420,"mtime":"2024-02-29T12:34:56Z",' +
    '"atime":"2024-02-29T12:34:56Z","ctime":"2024-02-29T12:34:56Z","uid":0,"gid":0,"size":13,' +
    '"content":["fbbd69198637d5360353c39796181175de6311c2a61abe2fe6392c938018660f"]}]}\n',
}
