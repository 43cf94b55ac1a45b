// Steps of a batch of sequences in reversed order, of each as many as its own length says.
#include <algorithm>
#include <cstring>

#include "kernels/cpu/index.h"
#include "kernels/cpu/isa/move_table.h"
#include "kernels/cpu/isa/transpose_table.h"

namespace dl {
namespace {

// Steps copied one by one, in the order in which they are written.
template <class T>
void reverse_wide(int64_t steps, int64_t batch, int64_t inner, const int64_t* length, const T* from, T* to) {
  parallel_for(steps, std::max<int64_t>(1, (1 << 14) / (batch * inner)), [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++)
      for (int64_t b = 0; b < batch; b++) {
        const int64_t turned = length[b] - 1 - t, behind = turned >> 63;  // all bits where t lies behind the length
        const int64_t source = (turned & ~behind) | (t & behind);         // no branch: lengths are in no order
        const T* step = from + (source * batch + b) * inner;
        T* made = to + (t * batch + b) * inner;
        if (inner <= 16)
          for (int64_t i = 0; i < inner; i++) made[i] = step[i];
        else
          std::memcpy(made, step, size_t(inner) * sizeof(T));
      }
  });
}

// Narrow steps: a few neighbouring sequences through all of time, so that a line of the cache that one of them reads is
// still there when the others come to it. `Inner` is the step's size, 0 where only `inner` says it.
template <int Inner, class T>
void reverse_narrow(int64_t steps, int64_t batch, int64_t inner, const int64_t* length, const T* from, T* to) {
  constexpr int64_t kMost = 64;
  const int64_t step = Inner ? Inner : inner, row = batch * step;
  const int64_t width = std::min(kMost, std::max<int64_t>(1, 256 / (step * int64_t(sizeof(T)))));
  const int64_t strips = (batch + width - 1) / width;
  parallel_for(strips, (1 << 14) / (width * step * steps) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; s++) {
      const int64_t first = s * width, n = std::min(width, batch - first), *of = length + first;
      int64_t at[kMost], shortest = steps, longest = 0;  // at: where the step begins that is read next
      for (int64_t b = 0; b < n; b++) {
        at[b] = (of[b] > 0 ? (of[b] - 1) * row : 0) + (first + b) * step;
        shortest = std::min(shortest, of[b]);
        longest = std::max(longest, of[b]);
      }
      T* made = to + first * step;
      auto take = [&](int64_t b) {
        for (int64_t i = 0; i < step; i++) made[b * step + i] = from[at[b] + i];
      };
      int64_t t = 0;
      for (; t < shortest; t++, made += row)
        for (int64_t b = 0; b < n; b++) take(b), at[b] -= row;
      for (; t < longest; t++, made += row)
        for (int64_t b = 0; b < n; b++) {
          at[b] = (t < of[b] ? of[b] - 1 - t : t) * row + (first + b) * step;
          take(b);
        }
      for (; t < steps; t++, made += row)
        std::copy(from + t * row + first * step, from + t * row + (first + n) * step, made);
    }
  });
}

// Steps of one element, or as narrow: strips of neighbouring sequences are turned into lines, which are reversed as a
// whole, and back. False where the lines of a strip are more than the cache holds.
template <class T>
bool reverse_lines(int64_t steps, int64_t batch, const int64_t* length, const T* from, T* to) {
  constexpr int64_t kWidth = 64 / int64_t(sizeof(T)), kKept = 1 << 19;
  constexpr int kSize = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
  if (2 * kWidth * steps * int64_t(sizeof(T)) > kKept) return false;
  const TransposeFn transpose = pick_transpose_table()->fn[kSize];
  const ReverseFn reverse = pick_move_table()->reverse[kSize];
  const int64_t strips = (batch + kWidth - 1) / kWidth;
  parallel_for(strips, (1 << 13) / (kWidth * steps) + 1, [&](int64_t begin, int64_t end) {
    Temp keep(size_t(2 * kWidth * steps) * sizeof(T));
    T *lines = keep.ptr<T>(), *turned = lines + kWidth * steps;
    for (int64_t s = begin; s < end; s++) {
      const int64_t first = s * kWidth, n = std::min(kWidth, batch - first);
      transpose(steps, n, from + first, batch, lines, steps);
      for (int64_t b = 0; b < n; b++) {
        const int64_t count = std::max<int64_t>(0, length[first + b]);
        reverse(1, count, lines + b * steps, 0, turned + b * steps, 0);
        std::copy(lines + b * steps + count, lines + (b + 1) * steps, turned + b * steps + count);
      }
      transpose(n, steps, turned, steps, to + first, batch);
    }
  });
  return true;
}

template <class T>
void reverse_steps(const View& x, const int64_t* length, T* to) {
  const int64_t steps = x.shape[0], batch = x.shape[1], inner = x.numel() / (steps * batch);
  if constexpr (sizeof(T) <= 8)
    if (inner == 1 && reverse_lines(steps, batch, length, x.ptr<const T>(), to)) return;
  auto run = inner * int64_t(sizeof(T)) > 16 ? reverse_wide<T>
             : inner == 1                    ? reverse_narrow<1, T>
             : inner == 2                    ? reverse_narrow<2, T>
             : inner == 4                    ? reverse_narrow<4, T>
                                             : reverse_narrow<0, T>;
  run(steps, batch, inner, length, x.ptr<const T>(), to);
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
