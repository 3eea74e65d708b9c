import { checked } from '../../src/storage/checked.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { casesOf, storageContract } from './contract.ts'

storageContract('memory', async () => ({ storage: checked(memoryStorage()), dispose: async () => {} }), [
  {
    reason: 'its place is the memory that the case measures',
    tests: ['a 192 MiB object is streamed: written and read with flat memory'],
  },
  {
    reason: 'a read costs it no more than a look',
    tests: casesOf.getUnless,
  },
  {
    reason: 'nothing can break it',
    tests: ['what is broken is an error, and never looks missing or empty'],
  },
])
