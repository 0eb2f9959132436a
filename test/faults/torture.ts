import { parseArgs } from 'node:util';
import type { Call, Fault } from './fault-proxy.ts';
import { runJob, startGround, type Ground } from './job-run.ts';
import { Random } from './random.ts';

// The long form of the fault tests: a kill before and after every call of the whole job, then random combinations of kills, lost answers,
// refusals and duplicate deliveries, from a seed that is printed. Ends with 1 if any promise was broken.
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '1000' },
    side: { type: 'string', default: '2' },
    skip: { type: 'boolean' },
  },
});
const firstSeed = Number(values.seed ?? Math.floor(Date.now() % 1e9));
const randomRuns = Number(values.runs);
const side = Number(values.side);

interface Task {
  readonly name: string;
  readonly run: (ground: Ground) => ReturnType<typeof runJob>;
}

function* tasks(calls: readonly Call[]): Generator<Task> {
  if (!values.skip) {
    for (const { n, name } of calls) {
      for (const kind of ['kill-before', 'kill-after'] as const) {
        yield { name: `${kind} call ${n} (${name})`, run: (ground) => runJob(ground, (call) => (call.n === n ? kind : 'none')) };
      }
    }
  }
  for (let seed = firstSeed; seed < firstSeed + randomRuns; seed++)
    yield { name: `seed ${seed}`, run: (ground) => randomRun(ground, seed) };
}

/** One run in which anything may strike at any call, at a rate drawn from the seed; after many calls the adversary tires. */
function randomRun(ground: Ground, seed: number): ReturnType<typeof runJob> {
  const random = new Random(seed);
  const rate = random.pick([0.005, 0.02, 0.05]);
  const kinds: readonly Fault[] = ['kill-before', 'kill-after', 'error', 'lost-answer'];
  let outage = 0;
  const fault = (call: Call): Fault => {
    if (call.n > 3_000) return 'none';
    if (outage > 0) {
      outage--;
      return call.name.startsWith('PUT') ? 'error' : 'none';
    }
    if (random.next() < rate / 20) outage = random.upTo(60);
    return random.next() < rate ? random.pick(kinds) : 'none';
  };
  return runJob(ground, fault, { random: () => random.next(), duplicates: random.pick([0, 0.05, 0.2]) });
}

const grounds = await Promise.all(Array.from({ length: side }, () => startGround()));
const [first] = grounds;
if (!first) throw new Error('--side must be at least 1');
const plain = await runJob(first);
if (plain.faults.length > 0) throw new Error(`Without any fault: ${plain.faults.join('; ')}`);
console.log(`${plain.calls.length} calls in a run without faults; first random seed ${firstSeed}`);
const queue = tasks(plain.calls);
const startedMs = performance.now();
let runs = 0;
let deaths = 0;
let broken = 0;
await Promise.all(
  grounds.map(async (ground) => {
    for (const task of queue) {
      const result = await task.run(ground);
      runs++;
      deaths += result.deaths;
      if (result.faults.length > 0) {
        broken++;
        console.log(`${task.name}: ${result.faults.join('; ')}`);
      }
      if (runs % 100 === 0) console.log(`${runs} runs, ${deaths} functions killed, ${broken} broken promises`);
    }
  }),
);
for (const ground of grounds) await ground[Symbol.asyncDispose]();
console.log(
  `${runs} runs, ${deaths} functions killed, ${broken} broken promises in ${Math.round((performance.now() - startedMs) / 1000)} s`,
);
process.exit(broken > 0 ? 1 : 0);
