import fc from 'fast-check'

/** Days over the whole range of `Date`, with the `Date` that knows their calendar. */
export const daysByDate = fc
  .oneof(fc.integer({ min: -100_000_000, max: 100_000_000 }), fc.integer({ min: -200_000, max: 200_000 }))
  .map((days) => ({ days, date: new Date(days * 86_400_000) }))
