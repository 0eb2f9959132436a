import { parseArgs } from 'node:util';
import type { Call, Fault } from './fault-proxy.ts';
import { runJob, startGround, type Ground, type RunPlan } from './job-run.ts';
import { runMarathon } from './marathon/marathon.ts';
import { Random } from './random.ts';
import { killers, type Killer } from './sites.ts';

// The long form of the fault tests: a kill before and after every call of the whole job (of calls --from to --to), then random combinations of
// kills, lost answers, refusals, silence and duplicate deliveries, from a seed that is printed; or, with --marathon, one very long job.
// Ends with 1 if any promise was broken.
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '1000' },
    side: { type: 'string', default: '2' },
    skip: { type: 'boolean' },
    bail: { type: 'boolean' },
    from: { type: 'string', default: '1' },
    to: { type: 'string', default: 'Infinity' },
    marathon: { type: 'boolean' },
    requests: { type: 'string', default: '200000' },
    hosts: { type: 'string', default: '500' },
  },
});
/** A run with a page that kills takes three times as long as one without. */
const KILLER_EVERY = 4;
const TIRED_AFTER_CALLS = 3_000;

const firstSeed = Number(values.seed ?? Math.floor(Date.now() % 1e9));
const randomRuns = Number(values.runs);
const side = Number(values.side);

interface Task {
  readonly name: string;
  readonly run: (ground: Ground) => ReturnType<typeof runJob>;
}

/** Each call is struck before and after; the page that kills its function takes turns. */
function* tasks(calls: readonly Call[]): Generator<Task> {
  if (!values.skip) {
    for (const { n, name } of calls) {
      if (n < Number(values.from) || n > Number(values.to)) continue;
      for (const kind of ['kill-before', 'kill-after'] as const) {
        const plan: RunPlan = { fault: (call) => (call.n === n ? kind : 'none'), killer: killerOf(n) };
        yield { name: `${kind} call ${n} (${name})`, run: (ground) => runJob(ground, plan) };
      }
    }
  }
  for (let seed = firstSeed; seed < firstSeed + randomRuns; seed++)
    yield { name: `seed ${seed}`, run: (ground) => runJob(ground, randomPlan(seed)) };
}

/** One run in which anything may strike at any call, at a rate drawn from the seed; after many calls the adversary tires. */
function randomPlan(seed: number): RunPlan {
  const random = new Random(seed);
  const rate = random.pick([0.005, 0.02, 0.05]);
  const kinds: readonly Fault[] = ['kill-before', 'kill-after', 'slow-down', 'error', 'lost-answer', 'silence-before', 'silence-after'];
  let outage = 0;
  const fault = (call: Call): Fault => {
    if (call.n > TIRED_AFTER_CALLS) return 'none';
    if (outage > 0) {
      outage--;
      return call.name.startsWith('PUT') ? 'slow-down' : 'none';
    }
    if (random.next() < rate / 20) outage = random.upTo(60);
    if (call.name === 'SendMessageBatch' && random.next() < 5 * rate) return 'partial';
    return random.next() < rate ? random.pick(kinds) : 'none';
  };
  const chance = { random: () => random.next(), duplicates: random.pick([0, 0.05, 0.2]), ticks: random.pick([0, 0.1]) };
  const isScheduled = random.next() < 0.3;
  const killer = random.next() < 1 / KILLER_EVERY ? random.pick(killers) : undefined;
  return { fault, chance, isScheduled, killer };
}

function killerOf(n: number): Killer | undefined {
  return killers[(n / KILLER_EVERY) % killers.length];
}

if (values.marathon) {
  console.log(`seed ${firstSeed}`);
  const broken = await runMarathon(Number(values.requests), Number(values.hosts), firstSeed);
  process.exit(broken > 0 ? 1 : 0);
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
      if (values.bail && broken > 0) return;
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
