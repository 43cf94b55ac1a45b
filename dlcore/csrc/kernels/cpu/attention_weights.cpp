// What attention needs where its weights are stored: nothing above the diagonal, and factors of 0 where a weight is
// dropped.
#include "kernels/cpu/attention_drop.h"

#include <vector>

namespace dl {
namespace {

// x with `value` above the diagonal of its last two axes, if `causal`.
void above(const KernelCall& c) {
  copy_view(c.out[0], c.in[0]);
  if (!int_attr(c, "causal", 0) || c.out[0].numel() == 0) return;
  const View& y = c.out[0];
  int n = y.shape.n;
  double value = float_attr(c, "value", 0);
  with_float_type(y.dtype, c.op->name.c_str(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    int64_t rows = y.shape[n - 2], cols = y.shape[n - 1], batch = y.numel() / (rows * cols);
    Shape outer = y.shape;
    Dims steps = y.strides;
    outer.n = steps.n = n - 2;
    parallel_for(batch, 1, [&](int64_t b, int64_t e) {
      for (int64_t z = b; z < e; z++)
        for (int64_t i = 0; i < rows; i++)
          for (int64_t j = i + 1; j < cols; j++)
            store(y.ptr<T>() + offset_of(z, outer, steps) + i * y.strides[n - 2] + j * y.strides[n - 1], value);
    });
  });
}
DL_KERNEL("above", above);
DL_INFER("above", [](InferCall& c) {
  if (c.in[0].shape.n < 2)
    throw ValueError(std::string(c.name()) + ": expected at least 2 dimensions, got shape " + to_string(c.in[0].shape));
  c.out[0].shape = c.in[0].shape;
});

// Inputs (x, key): x (..., l, s) times the factors of its places.
void dropped(const KernelCall& c) {
  const View &x = c.in[0], &y = c.out[0];
  if (y.numel() == 0) return;
  int n = y.shape.n;
  int64_t rows = y.shape[n - 2], cols = y.shape[n - 1], groups = (cols + 15) / 16;
  Drop drop(c.in[1], rows, cols, c.op->name.c_str());
  Shape outer = y.shape;
  Dims from = x.strides, to = y.strides;
  outer.n = from.n = to.n = n - 2;
  with_float_type(y.dtype, c.op->name.c_str(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using R = std::conditional_t<std::is_same_v<T, double>, double, float>;
    const AttentionTile<R>* tiles;
    if constexpr (std::is_same_v<R, double>)
      tiles = &pick_attention_table()->f64;
    else
      tiles = &pick_attention_table()->f32;
    parallel_for(y.numel() / (rows * cols), 1, [&](int64_t b, int64_t e) {
      std::vector<R> factor(size_t(32 * groups));
      for (int64_t z = b; z < e; z++)
        for (int64_t i = 0; i < rows; i += i % 16 == 7 ? 9 : 1) {  // with the line eight below
          tiles->factors(drop, drop.at(z, i, 0), groups, R(drop.factor), factor.data(), factor.data() + 16 * groups);
          for (int64_t r = i, k = 0; r < rows && k < 2; r += 8, k++) {
            const T* a = x.ptr<const T>() + offset_of(z, outer, from) + r * x.strides[n - 2];
            T* o = y.ptr<T>() + offset_of(z, outer, to) + r * y.strides[n - 2];
            for (int64_t j = 0; j < cols; j++)
              store(o + j * y.strides[n - 1], load(a + j * x.strides[n - 1]) * factor[size_t(16 * groups * k + j)]);
          }
        }
    });
  });
}
DL_KERNEL("dropped", dropped);
DL_INFER("dropped", [](InferCall& c) {
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string(c.name()) + ": needs a floating-point array, got " + dtype_name(c.out[0].dtype));
  if (c.in[0].shape.n < 2)
    throw ValueError(std::string(c.name()) + ": expected at least 2 dimensions, got shape " + to_string(c.in[0].shape));
  check_drop_key(c, 1);
  c.out[0].shape = c.in[0].shape;
});

}  // namespace
}  // namespace dl
