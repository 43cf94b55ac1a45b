// Steps of a batch of sequences in reversed order, of each as many as its own length says.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/index.h"

namespace dl {
namespace {

template <class T>
void reverse_steps(const View& x, const int64_t* length, T* to) {
  const int64_t steps = x.shape[0], batch = x.shape[1], inner = x.numel() / (steps * batch);
  const T* from = x.ptr<const T>();
  parallel_for(steps, std::max<int64_t>(1, (1 << 14) / (batch * inner)), [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++)
      for (int64_t b = 0; b < batch; b++) {
        const int64_t turned = length[b] - 1 - t, behind = turned >> 63;  // all bits where t lies behind the length
        const int64_t source = (turned & ~behind) | (t & behind);         // no branch: lengths are in no order
        const T* row = from + (source * batch + b) * inner;
        T* made = to + (t * batch + b) * inner;
        if (inner <= 16)
          for (int64_t i = 0; i < inner; i++) made[i] = row[i];
        else
          std::memcpy(made, row, size_t(inner) * sizeof(T));
      }
  });
}

// Inputs (x (time, batch, ...), length (batch,)).
DL_KERNEL("sequence_reverse", [](const KernelCall& c) {
  Temp kx, kn;
  const int64_t steps = c.in[0].shape[0];
  const int64_t* length = as_contiguous(c.in[1], DType::I64, kn).ptr<const int64_t>();
  for (int64_t b = 0; b < c.in[1].numel(); b++)
    if (length[b] > steps)
      throw IndexError(format("%s: index %lld is out of range for axis 0 of size %lld", c.op->name.c_str() + 1,
                              (long long)(length[b] - 1), (long long)steps));
  if (c.out[0].numel() == 0) return;
  View x = as_contiguous(c.in[0], kx);
  Output y(c.out[0]);
  with_size(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    reverse_steps(x, length, y.view().ptr<T>());
  });
  y.finish();
});

DL_INFER("sequence_reverse", [](InferCall& c) {
  need_integers(c, 1);
  const Shape &x = c.in[0].shape, &length = c.in[1].shape;
  if (x.n < 2 || length != Shape{x[1]})
    throw ValueError(std::string(c.name()) + ": expected x (time, batch, ...) and a length for each sequence, got " +
                     to_string(x) + " and " + to_string(length));
  c.out[0].shape = x;
  c.out[0].strides = contiguous_strides(x);
});

}  // namespace
}  // namespace dl
