import { Logger } from '@aws-lambda-powertools/logger';

/** One JSON line per batch and per odd event, with job, batch, lane and code as fields: what CloudWatch Logs Insights filters on. */
export const log = new Logger({ serviceName: 'urldrop' });
