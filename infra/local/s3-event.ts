import type { S3Event } from 'aws-lambda';
import type { Upload } from './upload-log.ts';

/** What the event says of the object beside its key. */
export interface UploadedObject {
  readonly size: number;
  /** With or without quotes. */
  readonly etag: string;
}

/** The event that S3 sends to Lambda for an upload (Amazon S3 user guide, "Event message structure", version 2.1). */
export function s3EventOf(upload: Upload, object: UploadedObject, bucket: string, region: string): S3Event {
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: region,
        eventTime: upload.at,
        // The ETag of an object uploaded in parts ends with their number (AWS S3 API, "Object").
        eventName: object.etag.includes('-') ? 'ObjectCreated:CompleteMultipartUpload' : 'ObjectCreated:Put',
        userIdentity: { principalId: 'local' },
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: { 'x-amz-request-id': upload.sequencer, 'x-amz-id-2': 'local' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'urls',
          bucket: { name: bucket, ownerIdentity: { principalId: 'local' }, arn: `arn:aws:s3:::${bucket}` },
          object: {
            key: encodeEventKey(upload.key),
            size: object.size,
            eTag: object.etag.replaceAll('"', ''),
            sequencer: upload.sequencer,
          },
        },
      },
    ],
  };
}

/** Keys in events are encoded as HTML forms are, slashes aside: a space is `+` (observed on AWS; the user guide says "URL encoded"). */
export function encodeEventKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
