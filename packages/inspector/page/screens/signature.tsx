import type { AttemptSignature, SignatureEntry } from '../../src/lib/protocol/emulator.ts'
import { control } from '../api/client.ts'
import type { Attempt } from '../api/types.ts'
import { encodePart } from '../text/format.ts'
import { Badge, Block, Failure, Text } from '../ui/parts.tsx'
import { useData } from '../ui/use-data.ts'

/** Walks through the signature of an attempt: what is signed, with which key, what comes out, and what was sent. */
export function Signature({ webhookId, attempt }: { webhookId: string; attempt: Attempt }) {
  const path = `/deliveries/${encodePart(webhookId)}/attempts/${attempt.attempt}/signature`
  const { value, error } = useData<AttemptSignature>(() => control(path), [path])
  return (
    <>
      <h3>
        Signature{' '}
        {value && (
          <Badge tone={value.isValid ? 'good' : 'bad'}>{value.isValid ? 'valid' : 'not valid'}</Badge>
        )}
      </h3>
      <Failure error={error} />
      {value && <Steps walk={value} status={attempt.status} />}
    </>
  )
}

function Steps({ walk, status }: { walk: AttemptSignature; status: number | undefined }) {
  const isRefused = walk.isValid && (status === 400 || status === 401)
  const { scheme, signedContent, sentBody, expected, seen, verdict, ageSeconds } = walk
  const algorithm =
    scheme === 'static' ? 'HMAC-SHA256 with the signing secret' : 'Ed25519 with a key of the JWKS'
  return (
    <>
      <p class="reason">
        <Text>{verdict}</Text>
      </p>
      {isRefused && (
        <p class="reason">
          The receiver refused it all the same: it has another secret or key set, its clock is off, or
          something changed the body on the way to its check.
        </p>
      )}
      <ol class="steps">
        <li>
          <p>
            The string that is signed: <code>webhook-id</code>, <code>webhook-timestamp</code> and the body,
            joined by dots
            {ageSeconds !== 0 && <b> (signed for {ageSeconds} s before the attempt)</b>}.
          </p>
          <Block text={signedContent} label="the string that is signed" />
          {sentBody !== undefined && (
            <>
              <p>The body that was sent is another one:</p>
              <Block text={sentBody} label="the body that was sent" />
            </>
          )}
        </li>
        <li>
          <p>{algorithm} gives what is expected.</p>
          <Expected expected={expected} />
        </li>
        <li>
          <p>
            What was seen in <code>webhook-signature</code>:
          </p>
          <Seen seen={seen} />
        </li>
      </ol>
    </>
  )
}

function Expected({ expected }: { expected: AttemptSignature['expected'] }) {
  if (expected.length === 0) return <p>There is no key to compute it with.</p>
  return (
    <ul class="plain mono">
      {expected.map(({ key, signature }) => (
        <li key={key}>
          <b>key {key}</b> <Text>{signature}</Text>
        </li>
      ))}
    </ul>
  )
}

function Seen({ seen }: { seen: readonly SignatureEntry[] }) {
  if (seen.length === 0) return <p>Nothing was recorded.</p>
  return (
    <ul class="plain mono">
      {seen.map((entry) => (
        <li key={entry.seen}>
          <Badge tone={entry.matches ? 'good' : 'bad'}>
            {entry.matches ? `matches key ${entry.key ?? ''}` : 'no match'}
          </Badge>{' '}
          <Text>{entry.seen}</Text>
        </li>
      ))}
    </ul>
  )
}
