/** SQLite's name for a database that lives in memory and disappears with its connection. */
export const MEMORY_PATH = ':memory:'
