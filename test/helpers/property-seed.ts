import fc from 'fast-check';

// The test command tries the same examples wherever it runs, so that it fails for a change and for nothing else. Other examples, as
// many as one likes: TEST_SEED=$RANDOM npm test -- property
fc.configureGlobal({ seed: Number(process.env['TEST_SEED'] ?? 20_260_101) });
