import type { AttemptSignature, DeliveryMatches, DeliverySummary } from '../../src/lib/protocol/emulator.ts'
import { control } from '../api/client.ts'
import type { Attempt, Delivery } from '../api/types.ts'
import { encodePart, formatTime, showUnseen } from '../text/format.ts'
import { Choice, Failure } from '../ui/parts.tsx'
import { goTo, linkTo } from '../ui/router.ts'
import { type Data, useData } from '../ui/use-data.ts'
import { Differences } from './differences.tsx'

/** One side of a comparison. */
export interface Side {
  readonly delivery: Delivery
  readonly attempt: Attempt | undefined
  /** The body of the attempt, as a fault may have changed it. */
  readonly body: string
}

/** Compares two attempts, of one delivery or of two. The address says which. */
export function Compare({ route }: { route: readonly string[] }) {
  const [leftId = '', leftNumber = '', rightId = leftId, rightNumber = ''] = route
  const { value: recent } = useData<DeliveryMatches>(() => control('/deliveries/search?limit=100'), [])
  const left = useSide(leftId, leftNumber || '1')
  const right = useSide(rightId, rightNumber)
  const choose = (...parts: readonly string[]) => goTo('compare', ...parts)
  const deliveries = recent?.deliveries ?? []
  return (
    <>
      <p class="back">
        <a href={linkTo('deliveries', leftId)}>← Delivery</a>
      </p>
      <h1>Compare</h1>
      <SideChooser
        name="A"
        id={leftId}
        side={left}
        deliveries={deliveries}
        choose={(id, number) => choose(id, number, rightId, rightNumber || lastOf(right))}
      />
      <SideChooser
        name="B"
        id={rightId}
        side={right}
        deliveries={deliveries}
        choose={(id, number) => choose(leftId, leftNumber || '1', id, number)}
      />
      {left.value && right.value && <Differences left={left.value} right={right.value} />}
    </>
  )
}

const lastOf = ({ value }: Data<Side>) => String(value?.attempt?.attempt ?? '')

/** Reads one side; without a number the last attempt. */
function useSide(id: string, number: string): Data<Side> {
  return useData(() => readSide(id, number), [id, number])
}

async function readSide(id: string, number: string): Promise<Side> {
  const path = `/deliveries/${encodePart(id)}`
  const delivery = await control<Delivery>(path)
  const attempt = number === '' ? delivery.attempts.at(-1) : delivery.attempts[Number(number) - 1]
  if (attempt === undefined) return { delivery, attempt, body: delivery.body }
  const { sentBody = delivery.body } = await control<AttemptSignature>(
    `${path}/attempts/${attempt.attempt}/signature`,
  )
  return { delivery, attempt, body: sentBody }
}

function SideChooser(props: {
  readonly name: string
  readonly id: string
  readonly side: Data<Side>
  readonly deliveries: readonly DeliverySummary[]
  readonly choose: (id: string, attempt: string) => void
}) {
  const { name, id, side, deliveries, choose } = props
  const { delivery, attempt } = side.value ?? {}
  const options = Object.fromEntries(deliveries.map((one) => [one.webhookId, describe(one)]))
  const numbers = (delivery?.attempts ?? []).map(({ attempt }) => String(attempt))
  return (
    <>
      <div class="filters sides">
        <Choice
          label={`${name}: delivery`}
          value={id}
          onInput={(next) => choose(next, '')}
          options={{ [id]: delivery ? describe(delivery) : id, ...options }}
        />
        <Choice
          label={`${name}: attempt`}
          value={String(attempt?.attempt ?? '')}
          onInput={(number) => choose(id, number)}
          options={numbers}
          {...(numbers.length === 0 && { none: 'none yet' })}
        />
      </div>
      <Failure error={side.error} />
    </>
  )
}

function describe({
  createdAt,
  eventType,
  webhookId,
}: Omit<DeliverySummary, 'attempts' | 'isRunning'>): string {
  return showUnseen(`${formatTime(createdAt)} ${eventType.slice(0, 40)} ${webhookId.slice(0, 60)}`)
}
