// Arrays made longer by numbers of their own: their edge, their mirror image, their other end. Rows are put together
// from pieces, most of each one copy; the gradient adds up what was repeated.
#include <algorithm>
#include <vector>

#include "kernels/cpu/isa/move_table.h"
#include "kernels/cpu/pad_pieces.h"
#include "kernels/cpu/row_copy.h"

namespace dl {
namespace {

constexpr int64_t kShort = 16;           // elements that a loop has moved before a call of the table would begin
constexpr int64_t kLongBytes = 512;      // of what lies behind the last padded axis: then it is a row of its own
constexpr int64_t kFewRows = 16;         // too few to be shared by threads ...
constexpr int64_t kManyBytes = 1 << 18;  // ... which so many bytes should be
constexpr int64_t kShortRow = 1 << 13;   // bytes: rows of which several are written together
constexpr int64_t kShortFar = 1 << 10;   // the same where longer ones are written past the caches
constexpr int64_t kBlockBytes = 1 << 14;
constexpr int64_t kGrainBytes = 1 << 16;  // of a share

// What writes rows of T, each out of a row of the array. A place is `inner` elements.
template <class T>
struct RowWriter {
  const PadRows& split;
  const RowCopy& copy;
  const bool short_rows;
  const StreamTable* stream = pick_stream_table();
  const ReverseFn reverse = pick_move_table()->reverse[move_size(int64_t(sizeof(T)))];
  const int64_t inner = split.inner, row = split.large * inner;

  // `rows` rows, in steps of `step` elements. Short ones piece by piece of all that the nearest cache holds.
  void operator()(int64_t rows, const T* from, int64_t step, T* to) const {
    const int64_t some = short_rows ? kBlockBytes / (row * int64_t(sizeof(T))) : 1;
    for (int64_t r = 0; r < rows; r += some)
      for (const PadPiece& p : split.pieces) {
        const int64_t count = std::min(some, rows - r);
        write(p, count, from + r * step + p.from * inner, step, to + r * row + p.at * inner);
      }
  }

  void write(const PadPiece& p, int64_t rows, const T* from, int64_t step, T* to) const {
    constexpr int64_t item = int64_t(sizeof(T));
    if (p.by == 1 && short_rows && p.n * inner > kShort)
      return stream->rows(rows, p.n * inner * item, from, step * item, to, row * item);
    for (int64_t r = 0; r < rows; r++, from += step, to += row)
      if (p.by == 1 && p.n * inner > kShort)
        copy(p.n * inner * item, from, to);
      else if (inner > 1)
        for (int64_t i = 0; i < p.n; i++) std::copy_n(from + i * p.by * inner, inner, to + i * inner);
      else if (p.by == -1 && p.n > kShort)
        reverse(1, p.n, from - (p.n - 1), 0, to, 0);
      else if (p.by)
        for (int64_t i = 0; i < p.n; i++) to[i] = from[i * p.by];
      else
        std::fill_n(to, p.n, *from);
  }
};

// False where the rows of x do not lie close together, or are too few to be shared by threads.
bool repeat_rows(const View& x, const View& out, const Padding& pad) {
  if (!is_contiguous(out.shape, out.strides)) return false;
  const int64_t item = int64_t(itemsize(x.dtype));
  const PadRows split(pad, kLongBytes / item);
  int64_t dense = 1;
  for (int i = x.shape.n - 1; i >= split.lead; i--) {
    if (x.shape[i] != 1 && x.strides[i] != dense) return false;
    dense *= x.shape[i];
  }
  const int64_t row = split.large * split.inner, rows = out.numel() / row;
  const int64_t bytes = rows * row * item;
  if (rows < kFewRows && bytes > kManyBytes) return false;
  const PadLeading lead(pad, split.lead, x.strides);
  const RowCopy copy(out.data, bytes, row * item);
  with_size(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const RowWriter<T> write{split, copy, row * item <= (bytes < stream_bytes() ? kShortRow : kShortFar)};
    parallel_for(rows, kGrainBytes / (row * item) + 1, [&](int64_t b, int64_t e) {
      T* to = out.ptr<T>() + b * row;
      lead.each_run(b, e, [&](int64_t offset, int64_t step, int64_t count) {
        write(count, x.ptr<const T>() + offset, step, to);
        to += count * row;
      });
      copy.finish();
    });
  });
  return true;
}

View along_axis(View v, int axis, int64_t begin, int64_t n, int64_t by = 1) {
  v.data = v.ptr<char>() + begin * v.strides[axis] * int64_t(itemsize(v.dtype));
  v.shape[axis] = n;
  v.strides[axis] *= by;
  return v;
}

// x to its place, then axis by axis what repeats it, read from the result itself.
void repeat_views(const View& x, const View& out, const Padding& pad) {
  View within[kMaxDims + 1] = {out};  // the leading i axes as far as x fills them
  for (int i = 0; i < x.shape.n; i++) within[i + 1] = along_axis(within[i], i, pad.before[i], x.shape[i]);
  copy_view(within[x.shape.n], x);
  for (int i = x.shape.n - 1; i >= 0; i--)
    if (pad.longer(i))
      for (const PadPiece& p : pad_pieces(pad.mode, pad.small[i], pad.before[i], pad.after(i)))
        if (p.at != pad.before[i])
          copy_view(along_axis(within[i], i, p.at, p.n), along_axis(within[i], i, pad.before[i] + p.from, p.n, p.by));
}

// Inputs (x).
DL_KERNEL("pad_repeat", [](const KernelCall& c) {
  const View &x = c.in[0], &out = c.out[0];
  if (out.numel() == 0) return;
  const Padding pad(c, x.shape, out.shape);
  if (!repeat_rows(x, out, pad)) repeat_views(x, out, pad);
});

// The shape with what the attributes before and after add to each axis.
Shape padded_shape(const InferCall& c, const Shape& x) {
  const Dims &before = c.attr("before").v, &after = c.attr("after").v;
  if (before.n != x.n || after.n != x.n)
    throw ValueError(
        format("%s: expected one pair of widths for each of %d axes of shape %s, got before %s and after %s", c.name(),
               x.n, to_string(x).c_str(), to_string(before).c_str(), to_string(after).c_str()));
  Shape padded = x;
  for (int i = 0; i < x.n; i++) {
    if (before[i] < 0 || after[i] < 0)
      throw ValueError(format("%s: widths must not be negative, got before %s and after %s", c.name(),
                              to_string(before).c_str(), to_string(after).c_str()));
    padded[i] += before[i] + after[i];
  }
  return padded;
}

DL_INFER("pad", [](InferCall& c) { c.out[0].shape = padded_shape(c, c.in[0].shape); });

DL_INFER("pad_repeat", [](InferCall& c) {
  const Shape& x = c.in[0].shape;
  pad_mode(c);
  c.out[0].shape = padded_shape(c, x);
  for (int i = 0; i < x.n; i++)
    if (x[i] == 0 && c.out[0].shape[i] != 0)
      throw ValueError(format("%s: expected something to repeat along axis %d, got shape %s; pad adds a constant",
                              c.name(), i, to_string(x).c_str()));
});

DL_INFER("pad_repeat_grad", [](InferCall& c) {
  const Shape &g = c.in[0].shape, &x = c.in[1].shape;
  pad_mode(c);
  const Shape want = padded_shape(c, x);
  if (g != want)
    throw ValueError(format("%s: expected g %s for x %s, got %s", c.name(), to_string(want).c_str(),
                            to_string(x).c_str(), to_string(g).c_str()));
  c.out[0].shape = x;
});

}  // namespace
}  // namespace dl
