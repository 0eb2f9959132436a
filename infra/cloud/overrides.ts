import {
  checkSettings,
  settings,
  type EventSourceSettings,
  type FunctionName,
  type FunctionSettings,
  type QueueName,
  type QueueSettings,
  type Settings,
} from '../settings.ts';

/** The settings with their names known to the compiler. */
export interface UrlDropSettings extends Settings {
  readonly functions: Readonly<Record<FunctionName, FunctionSettings>>;
  readonly queues: Readonly<Record<QueueName, QueueSettings>>;
  readonly eventSources: readonly (EventSourceSettings & { readonly queue: QueueName; readonly function: FunctionName })[];
}

/** Settings that one deployment may have otherwise. */
export interface SettingsOverrides {
  /** Memory of the scrape function, MB; its share of CPU follows (1,769 MB = one core). Default: 512. */
  readonly scrapeMemoryMb?: number | undefined;
  /** Scrape invocations at once, 2 to 1000: the ceiling on speed and on what a minute can cost. Default: 100. */
  readonly maxConcurrency?: number | undefined;
  /** Days that CloudWatch keeps the functions' logs. Default: 30. */
  readonly logRetentionDays?: number | undefined;
}

/** @throws {UsageError} code `bad-settings`, if what comes out breaks a relation between settings. */
export function withOverrides(overrides: SettingsOverrides): UrlDropSettings {
  const base: UrlDropSettings = settings;
  const { scrapeMemoryMb, maxConcurrency, logRetentionDays } = overrides;
  const result: UrlDropSettings = {
    ...base,
    functions: {
      ...base.functions,
      scrape: { ...base.functions.scrape, ...(scrapeMemoryMb !== undefined && { memoryMb: scrapeMemoryMb }) },
    },
    eventSources: base.eventSources.map((source) =>
      source.function === 'scrape' && maxConcurrency !== undefined ? { ...source, maxConcurrency } : source,
    ),
    logRetentionDays: logRetentionDays ?? base.logRetentionDays,
  };
  checkSettings(result);
  return result;
}
