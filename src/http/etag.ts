/** Entity tags (RFC 9110, section 8.8.3). */

/** Whether an `If-None-Match` header names this tag, compared weakly (section 13.1.2). */
export function namesTag(header: string, tag: string): boolean {
  const bare = (text: string) => text.trim().replace(/^W\//, '');
  return header.split(',').some((text) => text.trim() === '*' || bare(text) === bare(tag));
}
