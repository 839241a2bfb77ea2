"""Points that honest software never makes."""

from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128.optimized_curve import b2, is_inf, multiply

from protocol.field import BASE_FIELD, SCALAR_FIELD


def _square_root(value):
    """A root in F_q, if there is one (q = 3 mod 4)."""
    return pow(value, (BASE_FIELD + 1) // 4, BASE_FIELD)


def twist_point_off_the_subgroup():
    """A point of the twist whose order is not r, found by trying x; the root in F_q^2 by the complex method."""
    for real in range(1, 200):
        x = FQ2([real, 0])
        square = x * x * x + b2
        a, b = map(int, square.coeffs)
        norm = _square_root(a * a + b * b)
        for signed in (norm, -norm):
            first = _square_root((a + signed) * pow(2, -1, BASE_FIELD))
            y = FQ2([first, b * pow(2 * first, -1, BASE_FIELD)])
            if y * y == square and not is_inf(multiply((x, y, FQ2.one()), SCALAR_FIELD)):
                return (*map(int, x.coeffs), *map(int, y.coeffs))
    raise AssertionError("no such point among the first 200")
