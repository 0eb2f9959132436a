// Runs one function in a process of its own, as Lambda does: the module is named by the first argument, events come by IPC.
// Plain JavaScript without imports, so that nothing but the module itself can be found from here.
const [, , module, timeoutMs] = process.argv;
const { handler } = await import(module);

async function answer({ id, event }) {
  const endMs = Date.now() + Number(timeoutMs);
  const context = { awsRequestId: String(id), getRemainingTimeInMillis: () => endMs - Date.now() };
  try {
    process.send({ id, answer: (await handler(event, context)) ?? null });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
}

process.on('message', (call) => void answer(call));
process.send({ ready: true });
