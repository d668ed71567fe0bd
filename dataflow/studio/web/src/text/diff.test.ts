import { expect, test } from "vitest";
import { replacements } from "./diff";

function replaced(text: string, made: ReturnType<typeof replacements>): string {
  return made.reduceRight((now, { from, to, insert }) => now.slice(0, from) + insert + now.slice(to), text);
}

const TEXT = "a: 1\nb: 2\nc: 3\nd: 4\n";

test("one line that changed is one replacement within that line", () => {
  expect(replacements(TEXT, TEXT.replace("2", "5"))).toEqual([{ from: 8, to: 9, insert: "5" }]);
});

test("changes far apart stay apart", () => {
  const made = replacements(TEXT, "a: 0\nb: 2\nc: 3\nd: 0\n");
  expect(made).toEqual([
    { from: 3, to: 4, insert: "0" },
    { from: 18, to: 19, insert: "0" },
  ]);
});

test("lines are inserted and removed where they are", () => {
  expect(replacements(TEXT, "a: 1\nb: 2\nx: 9\nc: 3\nd: 4\n")).toEqual([{ from: 10, to: 10, insert: "x: 9\n" }]);
  expect(replacements(TEXT, "a: 1\nc: 3\nd: 4\n")).toEqual([{ from: 5, to: 10, insert: "" }]);
  expect(replacements("", TEXT)).toEqual([{ from: 0, to: 0, insert: TEXT }]);
  expect(replacements(TEXT, "")).toEqual([{ from: 0, to: TEXT.length, insert: "" }]);
});

test("texts without a last break", () => {
  expect(replaced("a\nb", replacements("a\nb", "a\nb\n"))).toBe("a\nb\n");
  expect(replaced("a\nb\n", replacements("a\nb\n", "b"))).toBe("b");
});

test("any text becomes any other, of few letters and of many lines", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  const some = (most: number) => Array.from({ length: random(most) }, () => "xyz\n"[random(4)]).join("");
  for (let i = 0; i < 500; i += 1) {
    const [old, text] = [some(30), some(30)];
    expect(replaced(old, replacements(old, text))).toBe(text);
  }
  const long = Array.from({ length: 4000 }, (_, i) => `line ${i}\n`).join("");
  const other = Array.from({ length: 4000 }, (_, i) => `other ${i}\n`).join("");
  expect(replaced(long, replacements(long, other))).toBe(other);
});
