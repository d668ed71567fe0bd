import { expect, test } from "vitest";
import { line, plainKind, START, type State } from "./yaml";

/** The words of a text with what they are, line by line. */
function kinds(text: string): string[][] {
  let state: State = START;
  return text.split("\n").map((each) => {
    const found = line(each, state);
    state = found.state;
    return found.tokens.map(([from, to, kind]) => `${kind} ${each.slice(from, to)}`);
  });
}

test("keys, values and comments", () => {
  expect(kinds("name: digits # a name")).toEqual([["key name", "comment # a name"]]);
  expect(kinds("# all of it")).toEqual([["comment # all of it"]]);
  expect(kinds("a#b: c#d")).toEqual([["key a#b"]]);
  expect(kinds("conv1/norm/y:")).toEqual([["key conv1/norm/y"]]);
  expect(kinds("- 8")).toEqual([["number 8"]]);
});

test("within braces", () => {
  expect(kinds("x: {block: Conv2D, attrs: {strides: [1, -2], bits: $bits, same: true}}")).toEqual([
    ["key x", "key block", "key attrs", "key strides", "number 1", "number -2", "key bits", "param $bits", "key same", "word true"],
  ]);
});

test("braces that stay open over lines", () => {
  expect(kinds("x: {a: 1,\n  b: c}\ny: [d]")).toEqual([["key x", "key a", "number 1"], ["key b"], ["key y"]]);
});

test("a parameter within a text is not an open brace", () => {
  expect(kinds("x: {path: data/${set}.npz, y: 2}")).toEqual([["key x", "key path", "key y", "number 2"]]);
});

test("texts in quotes, which may be keys", () => {
  expect(kinds(`"a: b": 'it''s' `)).toEqual([[`key "a: b"`, `quoted 'it''s'`]]);
  expect(kinds(`x: "a \\" # b"`)).toEqual([["key x", `quoted "a \\" # b"`]]);
});

test("a block of text goes on while it is indented", () => {
  expect(kinds("doc: >-\n  key: no\n\n  # no\nname: x")).toEqual([
    ["key doc", "sign >-"],
    ["quoted key: no"],
    [],
    ["quoted # no"],
    ["key name"],
  ]);
});

test("anchors, aliases and tags", () => {
  expect(kinds("a: &one {<<: *two}")).toEqual([["key a", "reference &one", "key <<", "reference *two"]]);
});

test("what is not YAML is taken as it is, to its end", () => {
  for (const text of ["{{{", "]]", ": :", '"open', "a: [b", "*", "? x", "|", "'"]) expect(() => kinds(text)).not.toThrow();
});

test("plain texts are coloured by what they are", () => {
  expect(["8", "-1e-3", ".inf", "true", "~", "$bits", "${a}x", "SAME", "conv.y"].map(plainKind)).toEqual([
    "number", "number", "number", "word", "word", "param", "param", "", "",
  ]);
});
