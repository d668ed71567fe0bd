"""C functions that turn sums into codes, one for each way to round."""

from __future__ import annotations

from dataflow.core.fixed_point import ROUNDINGS

_PRODUCT = """\
    int64_t product = (int64_t)x * multiplier;
    if (shift == 0) {{ product *= 2; shift = 1; }} /* a place for half a unit */
{adjusted}    int64_t made = (product >> shift) + zero_point;
"""
_HALF = "    product += (int64_t)1 << (shift - 1);\n"
_ADJUSTED = {
    "floor": "",
    "half_up": _HALF,
    "tflite_single": _HALF,
    "half_away": "    product -= product < 0;\n" + _HALF,
    "half_even": "    product += ((product >> shift) & 1) - 1;\n" + _HALF,
}
_DOUBLE = """\
    const int left = shift < 31 ? 31 - shift : 0, right = shift > 31 ? shift - 31 : 0;
    int64_t made = (int64_t)x * ((int64_t)1 << left);
    made = made < INT32_MIN ? INT32_MIN : made > INT32_MAX ? INT32_MAX : made;
    made = (made * multiplier + ((int64_t)1 << 30)) >> 31; /* rounded once, halves up */
    if (right > 0) { made = (made - (made < 0) + ((int64_t)1 << (right - 1))) >> right; } /* and again, away from 0 */
    made += zero_point;
"""


def requantize_function(prefix: str, rounding: str) -> str:
    """The function ``<prefix>_requantize_<rounding>``; a right shift keeps the sign, as all compilers have it."""
    assert rounding in ROUNDINGS
    body = _DOUBLE if rounding == "tflite_double" else _PRODUCT.format(adjusted=_ADJUSTED[rounding])
    return (
        f"/* clamp(round(x * multiplier / 2**shift) + zero_point, low, high), rounding {rounding} */\n"
        f"static inline int32_t {prefix}_requantize_{rounding}(int32_t x, int32_t multiplier, int32_t shift,\n"
        "    int32_t zero_point, int32_t low, int32_t high) {\n"
        f"{body}"
        "    return (int32_t)(made < low ? low : made > high ? high : made);\n"
        "}"
    )
