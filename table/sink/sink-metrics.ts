/** What a sink tells of its commits to a meter, such as OpenTelemetry's (`metrics.getMeter('…')`). */
import type { SinkCommit } from './sink-commit.ts'

type Attributes = Readonly<Record<string, string>>
interface InstrumentOptions {
  description: string
  unit: string
}

/** The part of OpenTelemetry's `Meter` that a sink uses. */
export interface SinkMeter {
  createCounter(
    name: string,
    options: InstrumentOptions,
  ): { add(value: number, attributes: Attributes): void }
  createHistogram(
    name: string,
    options: InstrumentOptions,
  ): { record(value: number, attributes: Attributes): void }
}

/** Tells the meter of a commit; `attributes` say of what table and branch. */
export function sinkMetrics(meter: SinkMeter, attributes: Attributes): (commit: SinkCommit) => void {
  const rows = meter.createCounter('moraine.sink.rows', {
    unit: '{row}',
    description: 'Rows that were written to the sink and committed',
  })
  const bytes = meter.createCounter('moraine.sink.bytes', {
    unit: 'By',
    description: 'Size of these rows in memory, as Arrow has them',
  })
  const commits = meter.createCounter('moraine.sink.commits', { unit: '{commit}', description: 'Commits' })
  const latency = meter.createHistogram('moraine.sink.commit.duration', {
    unit: 's',
    description: 'From the end of the rows of a commit to the end of the commit',
  })
  const lag = meter.createHistogram('moraine.sink.lag', {
    unit: 's',
    description: 'From the first row of a commit to the end of the commit',
  })
  return (commit) => {
    rows.add(commit.rows, attributes)
    bytes.add(commit.bytes, attributes)
    commits.add(1, attributes)
    latency.record(commit.commitMs / 1000, attributes)
    lag.record(commit.lagMs / 1000, attributes)
  }
}
