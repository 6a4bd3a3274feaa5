/** The SQLite file of a queue in what `gwh init` writes, in the examples and in the README; `gwh queue` looks for it. */
export const QUEUE_FILE = 'deliveries.db'
