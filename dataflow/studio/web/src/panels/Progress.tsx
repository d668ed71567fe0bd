/** How much of some work is done. */
export function Progress({ done, total, label }: { done: number; total: number; label: string }) {
  const known = total > 0;
  return (
    <div
      className={known ? "progress" : "progress unknown"}
      role="progressbar"
      aria-label={label}
      {...(known && { "aria-valuemin": 0, "aria-valuemax": total, "aria-valuenow": done })}
    >
      <span style={known ? { width: `${(100 * Math.min(done, total)) / total}%` } : undefined} />
    </div>
  );
}
