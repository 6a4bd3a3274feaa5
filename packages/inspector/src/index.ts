/**
 * A dashboard over a delivery queue.
 *
 * @module
 */

export { createDashboard, type DashboardOptions } from './lib/dashboard/dashboard.ts'
export type { InspectableQueue } from './lib/queue/queue-api.ts'
