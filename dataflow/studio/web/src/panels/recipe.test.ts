import { expect, test } from "vitest";
import { asked, commandLine, options, outOf, sourceOf, USUAL, weightsText, type Recipe } from "./recipe";

const recipe = (changed: Partial<Recipe>): Recipe => ({ ...USUAL, ...changed });

test("only what differs from the usual is said", () => {
  expect(options(USUAL)).toEqual({});
  expect(commandLine("cnn.yaml", asked(USUAL, "out.yaml"))).toBe(
    "dataflow quantize cnn.yaml -o out.yaml --weights 8 --activations 8",
  );
});

test("the command line has every option, quoted for a shell", () => {
  const made = recipe({
    weights: { ...USUAL.weights, bits: 4, per: "group", group: 64, range: "mse" },
    activations: { ...USUAL.activations, symmetric: true, range: "percentile:99.9" },
    rounding: "gptq", skip: "head, conv*", override: "conv1=w8a8", floatBias: true, samples: "256",
  });
  expect(commandLine("my graph.yaml", asked(made, "a.yaml"))).toBe(
    "dataflow quantize 'my graph.yaml' -o a.yaml --weights 4/group64:mse --activations 8/symmetric:percentile:99.9 " +
      "--rounding-of-weights gptq --skip head --skip 'conv*' --override conv1=w8a8 --float-bias --samples 256",
  );
});

test("float is a width too, and the file is named after the widths", () => {
  const float = recipe({ activations: { ...USUAL.activations, bits: 0 }, weights: { ...USUAL.weights, bits: 3 } });
  expect(asked(float, "x").activations).toBe("float");
  expect(weightsText({ ...USUAL.weights, per: "tensor" })).toBe("8/tensor");
  expect(outOf("dataflow:digits/cnn.yaml", float)).toBe("cnn_w3.yaml");
  expect(outOf("nets/cnn.yaml", USUAL)).toBe("nets/cnn_w8a8.yaml");
  expect(outOf("cnn_w4a8.yaml", float)).toBe("cnn_w3.yaml");
});

test("the graph that a quantized one was made from is named as pages name files", () => {
  const of = (path: string, quantization?: Record<string, string>) => sourceOf({ path, sections: quantization === undefined ? {} : { quantization } });
  expect(of("nets/cnn_w8a8.yaml")).toBeNull();
  expect(of("nets/cnn_w8a8.yaml", {})).toBe("");
  expect(of("nets/cnn_w8a8.yaml", { source: "cnn.yaml" })).toBe("nets/cnn.yaml");
  expect(of("cnn_w8a8.yaml", { source: "dataflow:digits/cnn.yaml" })).toBe("dataflow:digits/cnn.yaml");
});
