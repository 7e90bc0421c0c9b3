/** The files of a Supabase project, in memory: what @supabase/lite's Storage keeps them in, in place of S3. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { App } from '@supabase/lite';

/** What lite asks of a place for files. Its versions do not matter here: an upload replaces what was there. */
type Adapter = NonNullable<App['_storageAdapter']>;

/** Makes an empty place. */
export function createFilesInMemory(): Adapter {
  const files = new Map<string, { bytes: Buffer<ArrayBuffer>; metadata: Awaited<ReturnType<Adapter['headObject']>> }>();
  const get = (bucket: string, name: string) => {
    const file = files.get(`${bucket}/${name}`);
    if (!file) throw new Error(`there is no file ${bucket}/${name}, though storage.objects says so`);
    return file;
  };
  return {
    driver: files,
    async uploadObject(bucket, name, _version, body, mimetype, cacheControl) {
      const bytes = Buffer.from(body instanceof Uint8Array ? body : await buffer(body as AsyncIterable<Uint8Array>));
      const eTag = `"${createHash('md5').update(bytes).digest('hex')}"`;
      const size = bytes.length;
      const metadata = { eTag, size, contentLength: size, mimetype, cacheControl, lastModified: new Date(), httpStatusCode: 200 };
      files.set(`${bucket}/${name}`, { bytes, metadata });
      return metadata;
    },
    async getObject(bucket, name) {
      const { bytes, metadata } = get(bucket, name);
      return { body: bytes, metadata, httpStatusCode: 200 };
    },
    headObject: async (bucket, name) => get(bucket, name).metadata,
    async deleteObject(bucket, name) {
      files.delete(`${bucket}/${name}`);
    },
    async deleteObjects(bucket, names) {
      for (const name of names) files.delete(`${bucket}/${name}`);
    },
    async copyObject(bucket, name, _version, toBucket, toName) {
      const file = get(bucket, name);
      files.set(`${toBucket}/${toName}`, file);
      return file.metadata;
    },
    privateAssetUrl: async (bucket, name) => `${bucket}/${name}`,
  };
}
