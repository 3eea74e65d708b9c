import { checked } from '../../src/storage/checked.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { storageContract } from './contract.ts'

storageContract('memory', async () => ({ storage: checked(memoryStorage()), dispose: async () => {} }), [
  {
    reason: 'its place is the memory that the case measures',
    tests: ['a 64 MiB object is streamed: written and read with flat memory'],
  },
])
