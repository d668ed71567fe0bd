"""What people type to find a block, and what they expect first: on the command line and in the palette."""

from __future__ import annotations

USUAL = {
    "adam": ["ApplyAdam", "ApplyAdamW"],
    "add": ["Add", "AddV2", "AddN", "BiasAdd"],
    "batchnorm": ["FusedBatchNormV3", "FusedBatchNorm"],
    "bias": ["BiasAdd"],
    "cast": ["Cast"],
    "const": ["Const"],
    "conv": ["Conv2D", "Conv3D"],
    "dequant": ["Dequantize", "DequantizeLinear"],
    "ema": ["ExponentialMovingAverage", "MovingAverageObserver"],
    "fakequant": [
        "FakeQuantWithMinMaxVars",
        "FakeQuantWithMinMaxArgs",
        "FakeQuantSymmetric",
        "FakeQuantWithMinMaxVarsPerChannel",
    ],
    "input": ["Placeholder"],
    "matmul": ["MatMul", "BatchMatMul"],
    "mean": ["Mean", "MeanSquaredError"],
    "mul": ["Multiply"],
    "pool": ["MaxPool", "AvgPool"],
    "quant": ["QuantizeV2"],
    "relu": ["Relu", "Relu6"],
    "reshape": ["Reshape", "ReshapeLike"],
    "sgd": ["ApplyGradientDescent", "ApplyMomentum"],
    "softmax": ["Softmax", "SoftmaxCrossEntropyWithLogits"],
}
