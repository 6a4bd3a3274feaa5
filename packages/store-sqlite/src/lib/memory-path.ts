/** SQLite's name for a database that lives in memory and ends with its connection. */
export const MEMORY_PATH = ':memory:'
