"""Where names of NumPy are: under which name of `dlcore.np`, in which file beside this one, or why they are not here.

`docs/numpy_names.py` makes a page of it; a test holds it against NumPy's own namespaces.
"""

from __future__ import annotations

# NumPy names and array-API names for operators and functions of another name.
OTHER_NAMES = {
    "bool": "bool_",
    "true_divide": "divide",
    "mod": "remainder",
    "pow": "power",
    "absolute": "abs",
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "atan2": "arctan2",
    "acosh": "arccosh",
    "asinh": "arcsinh",
    "atanh": "arctanh",
    "rad2deg": "degrees",
    "deg2rad": "radians",
    "conjugate": "conj",
    "fix": "trunc",
    "concat": "concatenate",
    "permute_dims": "transpose",
    "row_stack": "vstack",
    "around": "round",
    "round_": "round",
    "amax": "max",
    "amin": "min",
    "alltrue": "all",
    "sometrue": "any",
    "product": "prod",
    "trapz": "trapezoid",
    "asanyarray": "asarray",
    "bitwise_invert": "bitwise_not",
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
}

# NumPy's own objects, passed on: they ask about dtypes, count indices or make text, and compute nothing on arrays.
AS_NUMPY = frozenset(
    """False_ ScalarType True_ array2string array_repr array_str base_repr binary_repr broadcast complexfloating dtypes
    errstate exceptions floating format_float_positional format_float_scientific generic get_printoptions geterr inexact
    integer isscalar issubdtype iterable little_endian mintypecode ndenumerate ndindex number printoptions sctypeDict
    seterr signedinteger typecodes typename unsignedinteger""".split()
)

# Functions that few programs call: the file beside this one that has them, imported when one is asked for.
LATER = {
    **dict.fromkeys(
        "frombuffer fromfile fromiter fromstring load save savetxt savez savez_compressed".split(),
        "_files",
    ),
    **dict.fromkeys(
        """asarray_chkfinite ascontiguousarray asfortranarray bitwise_count common_type fabs float_power isfortran
        mask_indices place require sort_complex""".split(),
        "_rare",
    ),
}

_DATES = "there are no arrays of dates; numpy has them"
_TEXT = "there are no arrays of text; numpy.strings has functions of them"
_LONG = "no operator computes with more digits than float64 and complex128"
_OBJECTS = "arrays hold numbers, not Python objects"
_MATRIX = "NumPy advises against it; arrays with two axes do all of it, and @ multiplies them"
_LOOP = "numbers are not visited one by one here; take x.asnumpy(), or x.flat"
_NUMPYS = "it is about how NumPy itself was built; ask numpy"
_ERRORS = "no operator here warns or calls back at infinities and NaN; autograd.detect_anomaly finds the first NaN"
_SERIES = "coefficients are plain arrays: see poly, polyval, polyfit, polyder, polyint, roots"

# Names of NumPy that are not in dlcore.np, and why.
ABSENT: dict[str, str] = {
    **dict.fromkeys("busday_count busday_offset busdaycalendar datetime64 datetime_as_string datetime_data is_busday "
                    "isnat timedelta64".split(), _DATES),
    **dict.fromkeys("bytes_ char character str_ strings".split(), _TEXT),
    **dict.fromkeys("clongdouble complex256 float128 longdouble".split(), _LONG),
    **dict.fromkeys("flexible frompyfunc fromregex object_ rec recarray record void".split(), _OBJECTS),
    **dict.fromkeys("asmatrix bmat matrix".split(), _MATRIX),
    **dict.fromkeys("flatiter nditer nested_iters".split(), _LOOP),
    **dict.fromkeys("core ctypeslib f2py get_include getbufsize info lib setbufsize show_config show_runtime test "
                    "typing ufunc".split(), _NUMPYS),
    **dict.fromkeys("geterrcall seterrcall".split(), _ERRORS),
    **dict.fromkeys("poly1d polynomial".split(), _SERIES),
    "emath": "give complex numbers to functions whose result is complex: np.sqrt(x.astype('complex64'))",
    "long": "it is int64 here, whatever the system",
    "ulong": "it is uint64 here, whatever the system",
    "ma": "masks are arrays of their own: np.where(mask, x, 0), x[mask], and the nan functions leave NaN out",
    "memmap": "np.asarray(numpy.memmap(...)) is an array over the file's memory",
    "testing": "it is for tests: numpy.testing takes these arrays, and dlcore.test_utils has assert_almost_equal",
}  # fmt: skip

# Attributes of numpy.ndarray that NDArray does not have, and why.
ABSENT_METHODS: dict[str, str] = {
    "base": "a view knows the memory it shares, not the array it was made from; np.shares_memory(x, y) tells",
    "byteswap": "numbers are in the machine's own order; numpy.asarray(x).byteswap() turns them over",
    "dump": "arrays are saved with np.save(file, x), and pickled with pickle.dump(x, file)",
    "dumps": "arrays are pickled with pickle.dumps(x)",
    "getfield": "arrays have no fields; x.view(dtype) reads the memory as another dtype",
    "setfield": "arrays have no fields; x.view(dtype)[...] = value writes the memory as another dtype",
    "resize": "an array keeps its size, since views share its memory; np.resize(x, shape) makes another",
    "setflags": "who may write into the memory is decided where it is made: np.asarray(a) keeps a read-only flag",
    "__array_finalize__": "NumPy calls it for its own subclasses",
    "__array_wrap__": "functions of NumPy give arrays of dlcore through __array_ufunc__ and __array_function__",
    "__array_struct__": "the memory is offered by the buffer protocol, __dlpack__ and __array_interface__",
    "__delitem__": "an array keeps its size; np.delete(x, i) makes another",
    "__setstate__": "arrays are pickled by __reduce__",
}

# Names of numpy.random that are not in dlcore.np.random.
_BITS = "numbers come from counters (Philox) on every device; np.random.seed and default_rng choose the stream"
ABSENT_RANDOM: dict[str, str] = {
    **dict.fromkeys("BitGenerator MT19937 PCG64 PCG64DXSM Philox RandomState SFC64 SeedSequence bit_generator "
                    "get_bit_generator mtrand set_bit_generator".split(), _BITS),
    "bytes": "np.random.randint(0, 256, n, dtype='uint8') draws them as numbers",
    "random_integers": "NumPy advises against it: np.random.randint(low, high + 1)",
    "test": _NUMPYS,
}  # fmt: skip
