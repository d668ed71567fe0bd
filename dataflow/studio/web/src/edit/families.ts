/** The family of dtypes that gives a port its colour. */
import type { Family } from "../protocol";

const FAMILIES: [RegExp, Family][] = [
  [/^q/, "quantized"],
  [/^bool/, "bool"],
  [/^uint/, "uint"],
  [/^int/, "int"],
  [/^complex/, "complex"],
  [/float|^half|^double/, "float"],
];

/** The family that all of the dtypes have; "any" where they have several. */
export function familyOf(dtypes: string[]): Family {
  const found = new Set(dtypes.map((dtype) => FAMILIES.find(([names]) => names.test(dtype))?.[1] ?? "any"));
  return found.size === 1 ? [...found][0]! : "any";
}
