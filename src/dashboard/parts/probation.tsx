/** How far a soft suppression on probation has come, in words. */
import type { Probation } from "../../domain/probation";
import { Time } from "./words";

/** @param now epoch ms */
export function OnProbation({ probation, now }: { probation: Probation; now: number }) {
  const { step, of } = probation;
  return (
    <p>
      On probation: step {step} of {of}. <NextProbe probation={probation} now={now} /> Delivered, it ends the
      suppression; bounced, {step < of ? "it makes it longer" : "it makes it last for good"}.
    </p>
  );
}

function NextProbe({ probation: { probeFrom, probedAt }, now }: { probation: Probation; now: number }) {
  if (probeFrom <= now) return <>The next check of this address may send one message.</>;
  if (probedAt === undefined) {
    return (
      <>
        The next check after <Time at={probeFrom} /> may send one message.
      </>
    );
  }
  return (
    <>
      A check was allowed to send one message at <Time at={probedAt} />, and all others wait for what becomes of it. If
      nothing is heard, the next check after <Time at={probeFrom} /> may send another.
    </>
  );
}
