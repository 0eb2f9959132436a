import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

export interface TopicMessage {
  /** SNS takes 100 ASCII characters without line ends (Amazon SNS API reference, Publish). */
  readonly subject: string;
  readonly text: string;
  /** For the filter policies of subscriptions. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** One SNS topic. */
export class Topic {
  readonly #arn: string;
  readonly #sns = new SNSClient({});

  constructor(arn: string) {
    this.#arn = arn;
  }

  /** @throws what SNS answered, after the SDK's own tries. */
  async publish({ subject, text, attributes }: TopicMessage): Promise<void> {
    await this.#sns.send(
      new PublishCommand({
        TopicArn: this.#arn,
        Subject: subject.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100),
        Message: text,
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
        ),
      }),
    );
  }
}
