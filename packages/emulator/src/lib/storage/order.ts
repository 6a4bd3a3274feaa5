const numbers = new WeakMap<object, number>()

/** Numbers the records of one kind from 1 in the order they were first stored; numbers are not used twice. */
export function createNumbering(): (before: object | undefined, after: object) => void {
  let last = 0
  return (before, after) => {
    const number = numbers.get(before ?? after) ?? last + 1
    numbers.set(after, number)
    last = Math.max(last, number)
  }
}

/**
 * A record's place among those of its kind, which a change of it does not alter and a deleted one leaves empty. Holds
 * until the process ends; 0 for what is not stored.
 */
export function orderOf(record: object): number {
  return numbers.get(record) ?? 0
}
