// File System Activity (1001): names and contents that are made, changed and removed.
import { failedWith, type MappersOf, ownFields, statusCode } from './mapped.ts';
import { fileOf, pathRest } from './objects.ts';

/** The kinds of this family. */
export const fileMappers: MappersOf<
  'file.open' | 'file.write' | 'file.delete' | 'file.rename' | 'file.chmod' | 'file.link'
> = {
  'file.open'(body) {
    const { path, errno, ...unmapped } = ownFields(body);
    return {
      class: 'file_activity',
      activity: body.create ? 1 : 14,
      ...failedWith(errno),
      subject: path.raw,
      fields: { file: fileOf(path), ...statusCode(errno) },
      unmapped: { ...unmapped, ...pathRest('path', path) },
    };
  },
  'file.write'(body) {
    const { path, sizeBytes, sha256, ...unmapped } = ownFields(body);
    const hash = { algorithm: 'SHA-256', algorithm_id: 3, value: sha256 };
    const hashes = sha256 === undefined ? undefined : [hash];
    return {
      class: 'file_activity',
      activity: 3,
      subject: path.raw,
      fields: { file: { ...fileOf(path, 'regular'), size: sizeBytes, hashes } },
      unmapped: { ...unmapped, ...pathRest('path', path) },
    };
  },
  'file.delete'(body) {
    const { path, errno, ...unmapped } = ownFields(body);
    return {
      class: 'file_activity',
      activity: 4,
      ...failedWith(errno),
      subject: path.raw,
      fields: { file: fileOf(path), ...statusCode(errno) },
      unmapped: { ...unmapped, ...pathRest('path', path) },
    };
  },
  'file.rename'(body) {
    const { path, target, errno, ...unmapped } = ownFields(body);
    return {
      class: 'file_activity',
      activity: 5,
      ...failedWith(errno),
      subject: `${path.raw} to ${target.raw}`,
      fields: { file: fileOf(path), file_result: fileOf(target), ...statusCode(errno) },
      unmapped: { ...unmapped, ...pathRest('path', path), ...pathRest('target', target) },
    };
  },
  'file.chmod'(body) {
    const { path, errno, ...unmapped } = ownFields(body);
    return {
      class: 'file_activity',
      activity: 6,
      ...failedWith(errno),
      subject: path.raw,
      fields: { file: fileOf(path), ...statusCode(errno) },
      unmapped: { ...unmapped, ...pathRest('path', path) },
    };
  },
  'file.link'(body) {
    const { path, target, errno, ...unmapped } = ownFields(body);
    return {
      class: 'file_activity',
      activity: 1,
      ...failedWith(errno),
      subject: `${path.raw} to ${target.raw}`,
      fields: {
        file: fileOf(path, body.type === 'symbolic' ? 'symbolic' : 'unknown'),
        ...statusCode(errno),
      },
      unmapped: { ...unmapped, ...pathRest('path', path), target },
    };
  },
};
