import { appendStrikes } from '../simulation/append-strikes.ts'
import { upsertStrikes } from '../simulation/upsert-strikes.ts'
import { struckBucket } from './struck-bucket.ts'

appendStrikes([struckBucket()])
upsertStrikes([struckBucket()])
