/** What did not change stays the same object, so that only what changed is drawn again. */

/**
 * `after`, with the parts of `before` in it that are equal. Members of lists are matched by their `id` where they have
 * one, else by their place.
 */
export function shared<T>(before: unknown, after: T): T {
  if (Object.is(before, after)) return after;
  if (Array.isArray(before) && Array.isArray(after)) return sharedList(before, after) as T;
  if (!isRecord(before) || !isRecord(after)) return after;
  const names = Object.keys(after);
  let same = names.length === Object.keys(before).length;
  const made: Record<string, unknown> = {};
  for (const name of names) {
    made[name] = shared(before[name], after[name]);
    same &&= made[name] === before[name] && name in before;
  }
  return (same ? before : made) as T;
}

function sharedList(before: unknown[], after: unknown[]): unknown[] {
  const known = new Map(before.flatMap((item) => (isRecord(item) && typeof item.id === "string" ? [[item.id, item]] : [])));
  const made = after.map((item, i) =>
    shared(isRecord(item) && typeof item.id === "string" ? known.get(item.id) : before[i], item),
  );
  return made.length === before.length && made.every((item, i) => item === before[i]) ? before : made;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
