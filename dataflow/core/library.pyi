# Written by docs/generate.py.
from blocks.array_ops.broadcast import BroadcastGradientArgs as _BroadcastGradientArgs
from blocks.array_ops.broadcast import BroadcastLike as _BroadcastLike
from blocks.array_ops.broadcast import BroadcastTo as _BroadcastTo
from blocks.array_ops.broadcast import SumToLike as _SumToLike
from blocks.array_ops.check_numerics import AllFinite as _AllFinite
from blocks.array_ops.check_numerics import CheckNumerics as _CheckNumerics
from blocks.array_ops.decode_raw import DecodeRaw as _DecodeRaw
from blocks.array_ops.fill import Fill as _Fill
from blocks.array_ops.fill import OnesLike as _OnesLike
from blocks.array_ops.fill import ZerosLike as _ZerosLike
from blocks.array_ops.gather import Gather as _Gather
from blocks.array_ops.gather import GatherGrad as _GatherGrad
from blocks.array_ops.gather import GatherV2 as _GatherV2
from blocks.array_ops.mirror_pad import MirrorPad as _MirrorPad
from blocks.array_ops.mirror_pad import MirrorPadGrad as _MirrorPadGrad
from blocks.array_ops.one_hot import OneHot as _OneHot
from blocks.array_ops.reshape import ExpandDims as _ExpandDims
from blocks.array_ops.reshape import Reshape as _Reshape
from blocks.array_ops.reshape import ReshapeLike as _ReshapeLike
from blocks.array_ops.reshape import Squeeze as _Squeeze
from blocks.array_ops.scatter import GatherNd as _GatherNd
from blocks.array_ops.scatter import SparseToDense as _SparseToDense
from blocks.array_ops.scatter import TensorScatterAdd as _TensorScatterAdd
from blocks.array_ops.scatter import TensorScatterUpdate as _TensorScatterUpdate
from blocks.array_ops.shape import Rank as _Rank
from blocks.array_ops.shape import Shape as _Shape
from blocks.array_ops.shape import Size as _Size
from blocks.array_ops.slicing import Concat as _Concat
from blocks.array_ops.slicing import Pad as _Pad
from blocks.array_ops.slicing import Slice as _Slice
from blocks.array_ops.split import Split as _Split
from blocks.array_ops.split import SplitV as _SplitV
from blocks.array_ops.split import Stack as _Stack
from blocks.array_ops.split import Unstack as _Unstack
from blocks.array_ops.strided_slice import StridedSlice as _StridedSlice
from blocks.array_ops.strided_slice import StridedSliceGrad as _StridedSliceGrad
from blocks.array_ops.tile import Roll as _Roll
from blocks.array_ops.tile import Tile as _Tile
from blocks.array_ops.transpose import Transpose as _Transpose
from blocks.core.sources import Const as _Const
from blocks.core.sources import Identity as _Identity
from blocks.core.sources import NoOp as _NoOp
from blocks.core.sources import Placeholder as _Placeholder
from blocks.core.sources import PlaceholderWithDefault as _PlaceholderWithDefault
from blocks.core.sources import StopGradient as _StopGradient
from blocks.image_ops.resize import ResizeBicubic as _ResizeBicubic
from blocks.image_ops.resize import ResizeBilinear as _ResizeBilinear
from blocks.image_ops.resize import ResizeNearestNeighbor as _ResizeNearestNeighbor
from blocks.image_ops.resize_gradient import ResizeBicubicGrad as _ResizeBicubicGrad
from blocks.image_ops.resize_gradient import ResizeBilinearGrad as _ResizeBilinearGrad
from blocks.image_ops.resize_gradient import ResizeNearestNeighborGrad as _ResizeNearestNeighborGrad
from blocks.math_ops.arg_max import ArgMax as _ArgMax
from blocks.math_ops.arithmetic import Abs as _Abs
from blocks.math_ops.arithmetic import Add as _Add
from blocks.math_ops.arithmetic import AddN as _AddN
from blocks.math_ops.arithmetic import AddV2 as _AddV2
from blocks.math_ops.arithmetic import Div as _Div
from blocks.math_ops.arithmetic import Multiply as _Multiply
from blocks.math_ops.arithmetic import Negate as _Negate
from blocks.math_ops.arithmetic import RealDiv as _RealDiv
from blocks.math_ops.arithmetic import Sign as _Sign
from blocks.math_ops.arithmetic import Square as _Square
from blocks.math_ops.arithmetic import SquaredDifference as _SquaredDifference
from blocks.math_ops.arithmetic import Subtract as _Subtract
from blocks.math_ops.cast import Cast as _Cast
from blocks.math_ops.comparison import Equal as _Equal
from blocks.math_ops.comparison import Greater as _Greater
from blocks.math_ops.comparison import GreaterEqual as _GreaterEqual
from blocks.math_ops.comparison import Less as _Less
from blocks.math_ops.comparison import LessEqual as _LessEqual
from blocks.math_ops.comparison import LogicalAnd as _LogicalAnd
from blocks.math_ops.comparison import LogicalNot as _LogicalNot
from blocks.math_ops.comparison import LogicalOr as _LogicalOr
from blocks.math_ops.comparison import NotEqual as _NotEqual
from blocks.math_ops.conjugate import Conj as _Conj
from blocks.math_ops.einsum import Einsum as _Einsum
from blocks.math_ops.einsum import EinsumGrad as _EinsumGrad
from blocks.math_ops.exponential import Exp as _Exp
from blocks.math_ops.exponential import Log as _Log
from blocks.math_ops.exponential import Pow as _Pow
from blocks.math_ops.exponential import Reciprocal as _Reciprocal
from blocks.math_ops.exponential import ReciprocalGrad as _ReciprocalGrad
from blocks.math_ops.exponential import Rsqrt as _Rsqrt
from blocks.math_ops.exponential import RsqrtGrad as _RsqrtGrad
from blocks.math_ops.exponential import Sqrt as _Sqrt
from blocks.math_ops.exponential import SqrtGrad as _SqrtGrad
from blocks.math_ops.extrema import ClipByValue as _ClipByValue
from blocks.math_ops.extrema import Maximum as _Maximum
from blocks.math_ops.extrema import Minimum as _Minimum
from blocks.math_ops.floor_division import FloorDiv as _FloorDiv
from blocks.math_ops.floor_division import FloorMod as _FloorMod
from blocks.math_ops.linear_algebra import Cholesky as _Cholesky
from blocks.math_ops.linear_algebra import HalfTriangle as _HalfTriangle
from blocks.math_ops.linear_algebra import HermitianPart as _HermitianPart
from blocks.math_ops.linear_algebra import MatrixInverse as _MatrixInverse
from blocks.math_ops.logical_reduction import All as _All
from blocks.math_ops.logical_reduction import Any as _Any
from blocks.math_ops.matmul import BatchMatMul as _BatchMatMul
from blocks.math_ops.matmul import BatchMatMulV2 as _BatchMatMulV2
from blocks.math_ops.matmul import MatMul as _MatMul
from blocks.math_ops.modulo import Mod as _Mod
from blocks.math_ops.no_nan import DivNoNan as _DivNoNan
from blocks.math_ops.no_nan import MulNoNan as _MulNoNan
from blocks.math_ops.no_nan import Xdivy as _Xdivy
from blocks.math_ops.no_nan import Xlogy as _Xlogy
from blocks.math_ops.quantization_statistics import SQNR as _SQNR
from blocks.math_ops.reduction import Max as _Max
from blocks.math_ops.reduction import Mean as _Mean
from blocks.math_ops.reduction import Min as _Min
from blocks.math_ops.reduction import Prod as _Prod
from blocks.math_ops.reduction import ProdGrad as _ProdGrad
from blocks.math_ops.reduction import Sum as _Sum
from blocks.math_ops.rounding import Ceil as _Ceil
from blocks.math_ops.rounding import Floor as _Floor
from blocks.math_ops.rounding import Rint as _Rint
from blocks.math_ops.rounding import Round as _Round
from blocks.math_ops.select import Select as _Select
from blocks.math_ops.select import SelectV2 as _SelectV2
from blocks.math_ops.sigmoid import Sigmoid as _Sigmoid
from blocks.math_ops.sigmoid import SigmoidGrad as _SigmoidGrad
from blocks.math_ops.sigmoid import Tanh as _Tanh
from blocks.math_ops.sigmoid import TanhGrad as _TanhGrad
from blocks.metric_ops.accuracy import Accuracy as _Accuracy
from blocks.metric_ops.accuracy import BinaryAccuracy as _BinaryAccuracy
from blocks.metric_ops.accuracy import CategoricalAccuracy as _CategoricalAccuracy
from blocks.metric_ops.accuracy import SparseCategoricalAccuracy as _SparseCategoricalAccuracy
from blocks.metric_ops.accuracy import SparseTopKCategoricalAccuracy as _SparseTopKCategoricalAccuracy
from blocks.metric_ops.accuracy import TopKCategoricalAccuracy as _TopKCategoricalAccuracy
from blocks.metric_ops.auc import AUC as _AUC
from blocks.metric_ops.confusion import ConfusionMatrix as _ConfusionMatrix
from blocks.metric_ops.confusion import Precision as _Precision
from blocks.metric_ops.confusion import Recall as _Recall
from blocks.metric_ops.regression import MeanAbsoluteError as _MeanAbsoluteError
from blocks.metric_ops.regression import MeanSquaredError as _MeanSquaredError
from blocks.metric_ops.regression import RootMeanSquaredError as _RootMeanSquaredError
from blocks.nn_ops.average_pooling import AvgPool as _AvgPool
from blocks.nn_ops.average_pooling import AvgPoolGrad as _AvgPoolGrad
from blocks.nn_ops.batch_normalization import FusedBatchNorm as _FusedBatchNorm
from blocks.nn_ops.batch_normalization import FusedBatchNormV2 as _FusedBatchNormV2
from blocks.nn_ops.batch_normalization import FusedBatchNormV3 as _FusedBatchNormV3
from blocks.nn_ops.batch_normalization_gradient import FusedBatchNormGrad as _FusedBatchNormGrad
from blocks.nn_ops.batch_normalization_gradient import FusedBatchNormGradV2 as _FusedBatchNormGradV2
from blocks.nn_ops.batch_normalization_gradient import FusedBatchNormGradV3 as _FusedBatchNormGradV3
from blocks.nn_ops.bias import BiasAdd as _BiasAdd
from blocks.nn_ops.bias import BiasAddGrad as _BiasAddGrad
from blocks.nn_ops.convolution import Conv2D as _Conv2D
from blocks.nn_ops.convolution import Conv2DBackpropFilter as _Conv2DBackpropFilter
from blocks.nn_ops.convolution import Conv2DBackpropInput as _Conv2DBackpropInput
from blocks.nn_ops.convolution3d import Conv3D as _Conv3D
from blocks.nn_ops.convolution3d import Conv3DBackpropFilterV2 as _Conv3DBackpropFilterV2
from blocks.nn_ops.convolution3d import Conv3DBackpropInputV2 as _Conv3DBackpropInputV2
from blocks.nn_ops.convolution_depthwise import DepthwiseConv2dNative as _DepthwiseConv2dNative
from blocks.nn_ops.convolution_depthwise import DepthwiseConv2dNativeBackpropFilter as _DepthwiseConv2dNativeBackpropFilter
from blocks.nn_ops.convolution_depthwise import DepthwiseConv2dNativeBackpropInput as _DepthwiseConv2dNativeBackpropInput
from blocks.nn_ops.convolution_fused import FusedPadConv2D as _FusedPadConv2D
from blocks.nn_ops.convolution_fused import FusedResizeAndPadConv2D as _FusedResizeAndPadConv2D
from blocks.nn_ops.crossentropy import BinaryCrossentropy as _BinaryCrossentropy
from blocks.nn_ops.crossentropy import CategoricalCrossentropy as _CategoricalCrossentropy
from blocks.nn_ops.crossentropy import SparseCategoricalCrossentropy as _SparseCategoricalCrossentropy
from blocks.nn_ops.dilation import Dilation2D as _Dilation2D
from blocks.nn_ops.dilation import Dilation2DBackpropFilter as _Dilation2DBackpropFilter
from blocks.nn_ops.dilation import Dilation2DBackpropInput as _Dilation2DBackpropInput
from blocks.nn_ops.elu import Elu as _Elu
from blocks.nn_ops.elu import EluGrad as _EluGrad
from blocks.nn_ops.elu import Selu as _Selu
from blocks.nn_ops.elu import SeluGrad as _SeluGrad
from blocks.nn_ops.fractional_pooling import FractionalAvgPool as _FractionalAvgPool
from blocks.nn_ops.fractional_pooling import FractionalMaxPool as _FractionalMaxPool
from blocks.nn_ops.fractional_pooling_gradient import FractionalAvgPoolGrad as _FractionalAvgPoolGrad
from blocks.nn_ops.fractional_pooling_gradient import FractionalMaxPoolGrad as _FractionalMaxPoolGrad
from blocks.nn_ops.leaky_relu import LeakyRelu as _LeakyRelu
from blocks.nn_ops.leaky_relu import LeakyReluGrad as _LeakyReluGrad
from blocks.nn_ops.local_response_normalization import LRN as _LRN
from blocks.nn_ops.local_response_normalization import LRNGrad as _LRNGrad
from blocks.nn_ops.loss import L2Loss as _L2Loss
from blocks.nn_ops.loss import SoftmaxCrossEntropyWithLogits as _SoftmaxCrossEntropyWithLogits
from blocks.nn_ops.loss import SparseSoftmaxCrossEntropyWithLogits as _SparseSoftmaxCrossEntropyWithLogits
from blocks.nn_ops.max_pooling import MaxPool as _MaxPool
from blocks.nn_ops.max_pooling_gradient import MaxPoolGrad as _MaxPoolGrad
from blocks.nn_ops.max_pooling_gradient import MaxPoolGradGrad as _MaxPoolGradGrad
from blocks.nn_ops.max_pooling_with_argmax import MaxPoolGradGradWithArgmax as _MaxPoolGradGradWithArgmax
from blocks.nn_ops.max_pooling_with_argmax import MaxPoolGradWithArgmax as _MaxPoolGradWithArgmax
from blocks.nn_ops.max_pooling_with_argmax import MaxPoolWithArgmax as _MaxPoolWithArgmax
from blocks.nn_ops.pooling3d import AvgPool3D as _AvgPool3D
from blocks.nn_ops.pooling3d import AvgPool3DGrad as _AvgPool3DGrad
from blocks.nn_ops.pooling3d import MaxPool3D as _MaxPool3D
from blocks.nn_ops.pooling3d import MaxPool3DGrad as _MaxPool3DGrad
from blocks.nn_ops.pooling3d import MaxPool3DGradGrad as _MaxPool3DGradGrad
from blocks.nn_ops.relu import Relu as _Relu
from blocks.nn_ops.relu import Relu6 as _Relu6
from blocks.nn_ops.relu import Relu6Grad as _Relu6Grad
from blocks.nn_ops.relu import ReluGrad as _ReluGrad
from blocks.nn_ops.softmax import LogSoftmax as _LogSoftmax
from blocks.nn_ops.softmax import Softmax as _Softmax
from blocks.nn_ops.softplus import Softplus as _Softplus
from blocks.nn_ops.softplus import SoftplusGrad as _SoftplusGrad
from blocks.nn_ops.softplus import Softsign as _Softsign
from blocks.nn_ops.softplus import SoftsignGrad as _SoftsignGrad
from blocks.nn_ops.take_along_axis import PutAlongLast as _PutAlongLast
from blocks.nn_ops.take_along_axis import TakeAlongLast as _TakeAlongLast
from blocks.nn_ops.top_k import InTopK as _InTopK
from blocks.nn_ops.top_k import TopK as _TopK
from blocks.quantization_ops.adaround import AdaRoundRegularizer as _AdaRoundRegularizer
from blocks.quantization_ops.adaround import AdaRoundStart as _AdaRoundStart
from blocks.quantization_ops.adaround import AdaRoundWeights as _AdaRoundWeights
from blocks.quantization_ops.binary import BinaryQuantize as _BinaryQuantize
from blocks.quantization_ops.block_scale import BlockScaleQuantize as _BlockScaleQuantize
from blocks.quantization_ops.fake_quant import FakeQuantWithMinMaxArgs as _FakeQuantWithMinMaxArgs
from blocks.quantization_ops.fake_quant import FakeQuantWithMinMaxVars as _FakeQuantWithMinMaxVars
from blocks.quantization_ops.fake_quant import FakeQuantWithMinMaxVarsPerChannel as _FakeQuantWithMinMaxVarsPerChannel
from blocks.quantization_ops.fake_quant_gradient import FakeQuantWithMinMaxArgsGradient as _FakeQuantWithMinMaxArgsGradient
from blocks.quantization_ops.fake_quant_gradient import FakeQuantWithMinMaxVarsGradient as _FakeQuantWithMinMaxVarsGradient
from blocks.quantization_ops.fake_quant_gradient import FakeQuantWithMinMaxVarsPerChannelGradient as _FakeQuantWithMinMaxVarsPerChannelGradient
from blocks.quantization_ops.fake_quant_symmetric import FakeQuantSymmetric as _FakeQuantSymmetric
from blocks.quantization_ops.fixed_point import FixedPointRequantize as _FixedPointRequantize
from blocks.quantization_ops.integer_products import IntegerConv2D as _IntegerConv2D
from blocks.quantization_ops.integer_products import IntegerDepthwiseConv2D as _IntegerDepthwiseConv2D
from blocks.quantization_ops.integer_products import IntegerMatMul as _IntegerMatMul
from blocks.quantization_ops.learned_step import LearnedStepQuantize as _LearnedStepQuantize
from blocks.quantization_ops.observers import HistogramObserver as _HistogramObserver
from blocks.quantization_ops.observers import MinMaxObserver as _MinMaxObserver
from blocks.quantization_ops.observers import MovingAverageObserver as _MovingAverageObserver
from blocks.quantization_ops.quantize import Dequantize as _Dequantize
from blocks.quantization_ops.quantize import QuantizeV2 as _QuantizeV2
from blocks.quantization_ops.quantize_and_dequantize import QuantizeAndDequantize as _QuantizeAndDequantize
from blocks.quantization_ops.quantize_and_dequantize import QuantizeAndDequantizeV2 as _QuantizeAndDequantizeV2
from blocks.quantization_ops.quantize_and_dequantize import QuantizeAndDequantizeV3 as _QuantizeAndDequantizeV3
from blocks.quantization_ops.quantize_and_dequantize import QuantizeAndDequantizeV4 as _QuantizeAndDequantizeV4
from blocks.quantization_ops.quantize_and_dequantize_gradient import QuantizeAndDequantizeV4Grad as _QuantizeAndDequantizeV4Grad
from blocks.quantization_ops.quantize_bias import QuantizeBias as _QuantizeBias
from blocks.quantization_ops.quantize_linear import DequantizeLinear as _DequantizeLinear
from blocks.quantization_ops.quantize_linear import QuantizeLinear as _QuantizeLinear
from blocks.quantization_ops.quantize_with_min_max import QuantizeWithMinMaxArgs as _QuantizeWithMinMaxArgs
from blocks.quantization_ops.quantize_with_min_max import QuantizeWithMinMaxVars as _QuantizeWithMinMaxVars
from blocks.quantization_ops.quantize_with_min_max import QuantizeWithMinMaxVarsPerChannel as _QuantizeWithMinMaxVarsPerChannel
from blocks.quantization_ops.quantized_activations import QuantizedRelu as _QuantizedRelu
from blocks.quantization_ops.quantized_activations import QuantizedRelu6 as _QuantizedRelu6
from blocks.quantization_ops.quantized_activations import QuantizedReluX as _QuantizedReluX
from blocks.quantization_ops.quantized_arithmetic import QuantizedAdd as _QuantizedAdd
from blocks.quantization_ops.quantized_arithmetic import QuantizedBiasAdd as _QuantizedBiasAdd
from blocks.quantization_ops.quantized_arithmetic import QuantizedMul as _QuantizedMul
from blocks.quantization_ops.quantized_concat import QuantizedConcat as _QuantizedConcat
from blocks.quantization_ops.quantized_instance_norm import QuantizedInstanceNorm as _QuantizedInstanceNorm
from blocks.quantization_ops.quantized_normalization import QuantizedBatchNormWithGlobalNormalization as _QuantizedBatchNormWithGlobalNormalization
from blocks.quantization_ops.quantized_pooling import QuantizedAvgPool as _QuantizedAvgPool
from blocks.quantization_ops.quantized_pooling import QuantizedMaxPool as _QuantizedMaxPool
from blocks.quantization_ops.quantized_products import QuantizedConv2D as _QuantizedConv2D
from blocks.quantization_ops.quantized_products import QuantizedMatMul as _QuantizedMatMul
from blocks.quantization_ops.quantized_reshape import QuantizedReshape as _QuantizedReshape
from blocks.quantization_ops.quantized_resize import QuantizedResizeBilinear as _QuantizedResizeBilinear
from blocks.quantization_ops.range_of import RangeOf as _RangeOf
from blocks.quantization_ops.range_of import RangeOfValues as _RangeOfValues
from blocks.quantization_ops.requantize import QuantizeDownAndShrinkRange as _QuantizeDownAndShrinkRange
from blocks.quantization_ops.requantize import RequantizationRange as _RequantizationRange
from blocks.quantization_ops.requantize import RequantizationRangePerChannel as _RequantizationRangePerChannel
from blocks.quantization_ops.requantize import Requantize as _Requantize
from blocks.quantization_ops.requantize import RequantizePerChannel as _RequantizePerChannel
from blocks.quantization_ops.scale_of import ScaleOf as _ScaleOf
from blocks.quantization_ops.straight_through import ClipSTE as _ClipSTE
from blocks.quantization_ops.straight_through import PowerOfTwo as _PowerOfTwo
from blocks.quantization_ops.straight_through import RoundSTE as _RoundSTE
from blocks.quantization_ops.trained_threshold import PactQuantize as _PactQuantize
from blocks.quantization_ops.trained_threshold import TrainedThresholdQuantize as _TrainedThresholdQuantize
from blocks.random_ops.choices import Multinomial as _Multinomial
from blocks.random_ops.choices import RandomShuffle as _RandomShuffle
from blocks.random_ops.dropout import Dropout as _Dropout
from blocks.random_ops.gamma import RandomGamma as _RandomGamma
from blocks.random_ops.gamma import RandomGammaGrad as _RandomGammaGrad
from blocks.random_ops.standard_distributions import RandomNormal as _RandomNormal
from blocks.random_ops.standard_distributions import RandomUniform as _RandomUniform
from blocks.random_ops.standard_distributions import TruncatedNormal as _TruncatedNormal
from blocks.random_ops.truncated_normal import ParameterizedTruncatedNormal as _ParameterizedTruncatedNormal
from blocks.random_ops.uniform_int import RandomUniformInt as _RandomUniformInt
from blocks.state_ops.assign import Assign as _Assign
from blocks.state_ops.assign import AssignAdd as _AssignAdd
from blocks.state_ops.assign import AssignSub as _AssignSub
from blocks.state_ops.counter import CountUpTo as _CountUpTo
from blocks.state_ops.moving_average import ExponentialMovingAverage as _ExponentialMovingAverage
from blocks.state_ops.scatter import ScatterAdd as _ScatterAdd
from blocks.state_ops.scatter import ScatterDiv as _ScatterDiv
from blocks.state_ops.scatter import ScatterMul as _ScatterMul
from blocks.state_ops.scatter import ScatterNdAdd as _ScatterNdAdd
from blocks.state_ops.scatter import ScatterNdSub as _ScatterNdSub
from blocks.state_ops.scatter import ScatterNdUpdate as _ScatterNdUpdate
from blocks.state_ops.scatter import ScatterSub as _ScatterSub
from blocks.state_ops.scatter import ScatterUpdate as _ScatterUpdate
from blocks.state_ops.variable import IsVariableInitialized as _IsVariableInitialized
from blocks.state_ops.variable import Variable as _Variable
from blocks.training_ops.adaptive import ApplyAdadelta as _ApplyAdadelta
from blocks.training_ops.adaptive import ApplyAdagrad as _ApplyAdagrad
from blocks.training_ops.adaptive import ApplyCenteredRMSProp as _ApplyCenteredRMSProp
from blocks.training_ops.adaptive import ApplyRMSProp as _ApplyRMSProp
from blocks.training_ops.decoupled import ApplyAdamW as _ApplyAdamW
from blocks.training_ops.decoupled import ApplyGradientDescentW as _ApplyGradientDescentW
from blocks.training_ops.decoupled import ApplyMomentumW as _ApplyMomentumW
from blocks.training_ops.descent import ApplyAdam as _ApplyAdam
from blocks.training_ops.descent import ApplyGradientDescent as _ApplyGradientDescent
from blocks.training_ops.descent import ApplyMomentum as _ApplyMomentum
from blocks.training_ops.loss_scale import ScaleGradient as _ScaleGradient
from blocks.training_ops.regularized import ApplyAdagradDA as _ApplyAdagradDA
from blocks.training_ops.regularized import ApplyFtrl as _ApplyFtrl
from blocks.training_ops.regularized import ApplyProximalAdagrad as _ApplyProximalAdagrad
from blocks.training_ops.regularized import ApplyProximalGradientDescent as _ApplyProximalGradientDescent
from blocks.training_ops.schedule import CosineDecay as _CosineDecay
from blocks.training_ops.schedule import ExponentialDecay as _ExponentialDecay
from blocks.training_ops.schedule import PolynomialDecay as _PolynomialDecay
from blocks.training_ops.schedule import StepDecay as _StepDecay
from dataflow.core.registry import Registry

class Library(Registry):
    # The registry as type checkers and editors see it.
    AUC: type[_AUC]
    Abs: type[_Abs]
    Accuracy: type[_Accuracy]
    AdaRoundRegularizer: type[_AdaRoundRegularizer]
    AdaRoundStart: type[_AdaRoundStart]
    AdaRoundWeights: type[_AdaRoundWeights]
    AdamW: type[_ApplyAdamW]
    Add: type[_Add]
    AddN: type[_AddN]
    AddV2: type[_AddV2]
    All: type[_All]
    AllFinite: type[_AllFinite]
    Any: type[_Any]
    ApplyAdadelta: type[_ApplyAdadelta]
    ApplyAdagrad: type[_ApplyAdagrad]
    ApplyAdagradDA: type[_ApplyAdagradDA]
    ApplyAdam: type[_ApplyAdam]
    ApplyAdamW: type[_ApplyAdamW]
    ApplyCenteredRMSProp: type[_ApplyCenteredRMSProp]
    ApplyFtrl: type[_ApplyFtrl]
    ApplyGradientDescent: type[_ApplyGradientDescent]
    ApplyGradientDescentW: type[_ApplyGradientDescentW]
    ApplyMomentum: type[_ApplyMomentum]
    ApplyMomentumW: type[_ApplyMomentumW]
    ApplyProximalAdagrad: type[_ApplyProximalAdagrad]
    ApplyProximalGradientDescent: type[_ApplyProximalGradientDescent]
    ApplyRMSProp: type[_ApplyRMSProp]
    ArgMax: type[_ArgMax]
    Assign: type[_Assign]
    AssignAdd: type[_AssignAdd]
    AssignSub: type[_AssignSub]
    AvgPool: type[_AvgPool]
    AvgPool3D: type[_AvgPool3D]
    AvgPool3DGrad: type[_AvgPool3DGrad]
    AvgPoolGrad: type[_AvgPoolGrad]
    BatchMatMul: type[_BatchMatMul]
    BatchMatMulV2: type[_BatchMatMulV2]
    BiasAdd: type[_BiasAdd]
    BiasAddGrad: type[_BiasAddGrad]
    BinaryAccuracy: type[_BinaryAccuracy]
    BinaryCrossentropy: type[_BinaryCrossentropy]
    BinaryQuantize: type[_BinaryQuantize]
    BlockScaleQuantize: type[_BlockScaleQuantize]
    BroadcastGradientArgs: type[_BroadcastGradientArgs]
    BroadcastLike: type[_BroadcastLike]
    BroadcastTo: type[_BroadcastTo]
    Cast: type[_Cast]
    CategoricalAccuracy: type[_CategoricalAccuracy]
    CategoricalCrossentropy: type[_CategoricalCrossentropy]
    Ceil: type[_Ceil]
    CheckNumerics: type[_CheckNumerics]
    Cholesky: type[_Cholesky]
    ClipByValue: type[_ClipByValue]
    ClipSTE: type[_ClipSTE]
    Concat: type[_Concat]
    ConcatV2: type[_Concat]
    ConfusionMatrix: type[_ConfusionMatrix]
    Conj: type[_Conj]
    Const: type[_Const]
    Const_ex: type[_Const]
    Conv2D: type[_Conv2D]
    Conv2DBackpropFilter: type[_Conv2DBackpropFilter]
    Conv2DBackpropInput: type[_Conv2DBackpropInput]
    Conv3D: type[_Conv3D]
    Conv3DBackpropFilterV2: type[_Conv3DBackpropFilterV2]
    Conv3DBackpropInputV2: type[_Conv3DBackpropInputV2]
    CosineDecay: type[_CosineDecay]
    CountUpTo: type[_CountUpTo]
    DecodeRaw: type[_DecodeRaw]
    DepthwiseConv2dNative: type[_DepthwiseConv2dNative]
    DepthwiseConv2dNativeBackpropFilter: type[_DepthwiseConv2dNativeBackpropFilter]
    DepthwiseConv2dNativeBackpropInput: type[_DepthwiseConv2dNativeBackpropInput]
    Dequantize: type[_Dequantize]
    DequantizeLinear: type[_DequantizeLinear]
    Dilation2D: type[_Dilation2D]
    Dilation2DBackpropFilter: type[_Dilation2DBackpropFilter]
    Dilation2DBackpropInput: type[_Dilation2DBackpropInput]
    Div: type[_Div]
    DivNoNan: type[_DivNoNan]
    Dropout: type[_Dropout]
    Einsum: type[_Einsum]
    EinsumGrad: type[_EinsumGrad]
    Elu: type[_Elu]
    EluGrad: type[_EluGrad]
    Equal: type[_Equal]
    Exp: type[_Exp]
    ExpandDims: type[_ExpandDims]
    ExponentialDecay: type[_ExponentialDecay]
    ExponentialMovingAverage: type[_ExponentialMovingAverage]
    FakeQuantSymmetric: type[_FakeQuantSymmetric]
    FakeQuantWithMinMaxArgs: type[_FakeQuantWithMinMaxArgs]
    FakeQuantWithMinMaxArgsGradient: type[_FakeQuantWithMinMaxArgsGradient]
    FakeQuantWithMinMaxVars: type[_FakeQuantWithMinMaxVars]
    FakeQuantWithMinMaxVarsGradient: type[_FakeQuantWithMinMaxVarsGradient]
    FakeQuantWithMinMaxVarsPerChannel: type[_FakeQuantWithMinMaxVarsPerChannel]
    FakeQuantWithMinMaxVarsPerChannelGradient: type[_FakeQuantWithMinMaxVarsPerChannelGradient]
    Fill: type[_Fill]
    FixedPointRequantize: type[_FixedPointRequantize]
    Floor: type[_Floor]
    FloorDiv: type[_FloorDiv]
    FloorMod: type[_FloorMod]
    FractionalAvgPool: type[_FractionalAvgPool]
    FractionalAvgPoolGrad: type[_FractionalAvgPoolGrad]
    FractionalMaxPool: type[_FractionalMaxPool]
    FractionalMaxPoolGrad: type[_FractionalMaxPoolGrad]
    FusedBatchNorm: type[_FusedBatchNorm]
    FusedBatchNormGrad: type[_FusedBatchNormGrad]
    FusedBatchNormGradV2: type[_FusedBatchNormGradV2]
    FusedBatchNormGradV3: type[_FusedBatchNormGradV3]
    FusedBatchNormV2: type[_FusedBatchNormV2]
    FusedBatchNormV3: type[_FusedBatchNormV3]
    FusedPadConv2D: type[_FusedPadConv2D]
    FusedResizeAndPadConv2D: type[_FusedResizeAndPadConv2D]
    Gather: type[_Gather]
    GatherGrad: type[_GatherGrad]
    GatherNd: type[_GatherNd]
    GatherV2: type[_GatherV2]
    Greater: type[_Greater]
    GreaterEqual: type[_GreaterEqual]
    HalfTriangle: type[_HalfTriangle]
    HermitianPart: type[_HermitianPart]
    HistogramObserver: type[_HistogramObserver]
    Identity: type[_Identity]
    InTopK: type[_InTopK]
    IntegerConv2D: type[_IntegerConv2D]
    IntegerDepthwiseConv2D: type[_IntegerDepthwiseConv2D]
    IntegerMatMul: type[_IntegerMatMul]
    Inv: type[_Reciprocal]
    InvGrad: type[_ReciprocalGrad]
    IsVariableInitialized: type[_IsVariableInitialized]
    L2Loss: type[_L2Loss]
    LRN: type[_LRN]
    LRNGrad: type[_LRNGrad]
    LeakyRelu: type[_LeakyRelu]
    LeakyReluGrad: type[_LeakyReluGrad]
    LearnedStepQuantize: type[_LearnedStepQuantize]
    Less: type[_Less]
    LessEqual: type[_LessEqual]
    Log: type[_Log]
    LogSoftmax: type[_LogSoftmax]
    LogicalAnd: type[_LogicalAnd]
    LogicalNot: type[_LogicalNot]
    LogicalOr: type[_LogicalOr]
    MatMul: type[_MatMul]
    MatrixInverse: type[_MatrixInverse]
    Max: type[_Max]
    MaxPool: type[_MaxPool]
    MaxPool3D: type[_MaxPool3D]
    MaxPool3DGrad: type[_MaxPool3DGrad]
    MaxPool3DGradGrad: type[_MaxPool3DGradGrad]
    MaxPoolGrad: type[_MaxPoolGrad]
    MaxPoolGradGrad: type[_MaxPoolGradGrad]
    MaxPoolGradGradWithArgmax: type[_MaxPoolGradGradWithArgmax]
    MaxPoolGradWithArgmax: type[_MaxPoolGradWithArgmax]
    MaxPoolWithArgmax: type[_MaxPoolWithArgmax]
    Maximum: type[_Maximum]
    Mean: type[_Mean]
    MeanAbsoluteError: type[_MeanAbsoluteError]
    MeanSquaredError: type[_MeanSquaredError]
    Min: type[_Min]
    MinMaxObserver: type[_MinMaxObserver]
    Minimum: type[_Minimum]
    MirrorPad: type[_MirrorPad]
    MirrorPadGrad: type[_MirrorPadGrad]
    Mod: type[_Mod]
    MovingAverageObserver: type[_MovingAverageObserver]
    Mul: type[_Multiply]
    MulNoNan: type[_MulNoNan]
    Multinomial: type[_Multinomial]
    Multiply: type[_Multiply]
    Neg: type[_Negate]
    Negate: type[_Negate]
    NoOp: type[_NoOp]
    NotEqual: type[_NotEqual]
    OneHot: type[_OneHot]
    OnesLike: type[_OnesLike]
    Pack: type[_Stack]
    PactQuantize: type[_PactQuantize]
    Pad: type[_Pad]
    ParameterizedTruncatedNormal: type[_ParameterizedTruncatedNormal]
    Placeholder: type[_Placeholder]
    PlaceholderWithDefault: type[_PlaceholderWithDefault]
    PolynomialDecay: type[_PolynomialDecay]
    Pow: type[_Pow]
    PowerOfTwo: type[_PowerOfTwo]
    Precision: type[_Precision]
    Prod: type[_Prod]
    ProdGrad: type[_ProdGrad]
    PutAlongLast: type[_PutAlongLast]
    QuantizeAndDequantize: type[_QuantizeAndDequantize]
    QuantizeAndDequantizeV2: type[_QuantizeAndDequantizeV2]
    QuantizeAndDequantizeV3: type[_QuantizeAndDequantizeV3]
    QuantizeAndDequantizeV4: type[_QuantizeAndDequantizeV4]
    QuantizeAndDequantizeV4Grad: type[_QuantizeAndDequantizeV4Grad]
    QuantizeBias: type[_QuantizeBias]
    QuantizeDownAndShrinkRange: type[_QuantizeDownAndShrinkRange]
    QuantizeLinear: type[_QuantizeLinear]
    QuantizeV2: type[_QuantizeV2]
    QuantizeWithMinMaxArgs: type[_QuantizeWithMinMaxArgs]
    QuantizeWithMinMaxVars: type[_QuantizeWithMinMaxVars]
    QuantizeWithMinMaxVarsPerChannel: type[_QuantizeWithMinMaxVarsPerChannel]
    QuantizedAdd: type[_QuantizedAdd]
    QuantizedAvgPool: type[_QuantizedAvgPool]
    QuantizedBatchNormWithGlobalNormalization: type[_QuantizedBatchNormWithGlobalNormalization]
    QuantizedBiasAdd: type[_QuantizedBiasAdd]
    QuantizedConcat: type[_QuantizedConcat]
    QuantizedConv2D: type[_QuantizedConv2D]
    QuantizedInstanceNorm: type[_QuantizedInstanceNorm]
    QuantizedMatMul: type[_QuantizedMatMul]
    QuantizedMaxPool: type[_QuantizedMaxPool]
    QuantizedMul: type[_QuantizedMul]
    QuantizedRelu: type[_QuantizedRelu]
    QuantizedRelu6: type[_QuantizedRelu6]
    QuantizedReluX: type[_QuantizedReluX]
    QuantizedReshape: type[_QuantizedReshape]
    QuantizedResizeBilinear: type[_QuantizedResizeBilinear]
    RandomGamma: type[_RandomGamma]
    RandomGammaGrad: type[_RandomGammaGrad]
    RandomNormal: type[_RandomNormal]
    RandomNormal_ex: type[_RandomNormal]
    RandomShuffle: type[_RandomShuffle]
    RandomStandardNormal: type[_RandomNormal]
    RandomUniform: type[_RandomUniform]
    RandomUniformInt: type[_RandomUniformInt]
    RangeOf: type[_RangeOf]
    RangeOfValues: type[_RangeOfValues]
    Rank: type[_Rank]
    RealDiv: type[_RealDiv]
    Recall: type[_Recall]
    Reciprocal: type[_Reciprocal]
    ReciprocalGrad: type[_ReciprocalGrad]
    Relu: type[_Relu]
    Relu6: type[_Relu6]
    Relu6Grad: type[_Relu6Grad]
    ReluGrad: type[_ReluGrad]
    RequantizationRange: type[_RequantizationRange]
    RequantizationRangePerChannel: type[_RequantizationRangePerChannel]
    Requantize: type[_Requantize]
    RequantizePerChannel: type[_RequantizePerChannel]
    Reshape: type[_Reshape]
    ReshapeLike: type[_ReshapeLike]
    ResizeBicubic: type[_ResizeBicubic]
    ResizeBicubicGrad: type[_ResizeBicubicGrad]
    ResizeBilinear: type[_ResizeBilinear]
    ResizeBilinearGrad: type[_ResizeBilinearGrad]
    ResizeNearestNeighbor: type[_ResizeNearestNeighbor]
    ResizeNearestNeighborGrad: type[_ResizeNearestNeighborGrad]
    Rint: type[_Rint]
    Roll: type[_Roll]
    RootMeanSquaredError: type[_RootMeanSquaredError]
    Round: type[_Round]
    RoundSTE: type[_RoundSTE]
    Rsqrt: type[_Rsqrt]
    RsqrtGrad: type[_RsqrtGrad]
    SGDW: type[_ApplyMomentumW]
    SQNR: type[_SQNR]
    ScaleGradient: type[_ScaleGradient]
    ScaleOf: type[_ScaleOf]
    ScatterAdd: type[_ScatterAdd]
    ScatterDiv: type[_ScatterDiv]
    ScatterMul: type[_ScatterMul]
    ScatterNdAdd: type[_ScatterNdAdd]
    ScatterNdSub: type[_ScatterNdSub]
    ScatterNdUpdate: type[_ScatterNdUpdate]
    ScatterSub: type[_ScatterSub]
    ScatterUpdate: type[_ScatterUpdate]
    Select: type[_Select]
    SelectV2: type[_SelectV2]
    Selu: type[_Selu]
    SeluGrad: type[_SeluGrad]
    Shape: type[_Shape]
    Sigmoid: type[_Sigmoid]
    SigmoidGrad: type[_SigmoidGrad]
    Sign: type[_Sign]
    Size: type[_Size]
    Slice: type[_Slice]
    Softmax: type[_Softmax]
    SoftmaxCrossEntropyWithLogits: type[_SoftmaxCrossEntropyWithLogits]
    Softplus: type[_Softplus]
    SoftplusGrad: type[_SoftplusGrad]
    Softsign: type[_Softsign]
    SoftsignGrad: type[_SoftsignGrad]
    SparseCategoricalAccuracy: type[_SparseCategoricalAccuracy]
    SparseCategoricalCrossentropy: type[_SparseCategoricalCrossentropy]
    SparseSoftmaxCrossEntropyWithLogits: type[_SparseSoftmaxCrossEntropyWithLogits]
    SparseToDense: type[_SparseToDense]
    SparseTopKCategoricalAccuracy: type[_SparseTopKCategoricalAccuracy]
    Split: type[_Split]
    SplitV: type[_SplitV]
    Sqrt: type[_Sqrt]
    SqrtGrad: type[_SqrtGrad]
    Square: type[_Square]
    SquaredDifference: type[_SquaredDifference]
    Squeeze: type[_Squeeze]
    Stack: type[_Stack]
    StepDecay: type[_StepDecay]
    StopGradient: type[_StopGradient]
    StridedSlice: type[_StridedSlice]
    StridedSliceGrad: type[_StridedSliceGrad]
    Sub: type[_Subtract]
    Subtract: type[_Subtract]
    Sum: type[_Sum]
    SumToLike: type[_SumToLike]
    TakeAlongLast: type[_TakeAlongLast]
    Tanh: type[_Tanh]
    TanhGrad: type[_TanhGrad]
    TensorScatterAdd: type[_TensorScatterAdd]
    TensorScatterUpdate: type[_TensorScatterUpdate]
    Tile: type[_Tile]
    TopK: type[_TopK]
    TopKAccuracy: type[_SparseTopKCategoricalAccuracy]
    TopKCategoricalAccuracy: type[_TopKCategoricalAccuracy]
    TopKV2: type[_TopK]
    TrainedThresholdQuantize: type[_TrainedThresholdQuantize]
    Transpose: type[_Transpose]
    TruncatedNormal: type[_TruncatedNormal]
    Unpack: type[_Unstack]
    Unstack: type[_Unstack]
    Variable: type[_Variable]
    VariableV2: type[_Variable]
    Where3: type[_Select]
    Xdivy: type[_Xdivy]
    Xlogy: type[_Xlogy]
    ZerosLike: type[_ZerosLike]

blocks: Library
