#include "kernels/cpu/places.h"

#include <algorithm>

#include "kernels/cpu/isa/move_table.h"
#include "kernels/cpu/views.h"

namespace dl {
namespace {

constexpr int64_t kPiece = 1 << 14;  // flags that one thread looks at in one go
constexpr int64_t kFew = 1 << 11;    // whose places it keeps, as part of them

// Numbers over a row-major shape, in ascending order, into those of the rows of `length` and what is left within.
void split_rows(int64_t n, int64_t length, int64_t* at, int64_t* row) {
  int64_t r = 0, begin = 0;
  for (int64_t i = 0; i < n; i++) {
    if (at[i] - begin >= length) {  // seldom: numbers of one row follow each other
      r = at[i] / length;
      begin = r * length;
    }
    row[i] = r;
    at[i] -= begin;
  }
}

// How many flags are set before each piece, and in all.
std::vector<int64_t> counted(const uint8_t* flags, int64_t n) {
  const int64_t pieces = (n + kPiece - 1) / kPiece;
  std::vector<int64_t> first(size_t(pieces) + 1);
  parallel_for(pieces, 2, [&](int64_t b, int64_t e) {
    for (int64_t p = b; p < e; p++)
      first[size_t(p) + 1] = pick_move_table()->count(std::min(kPiece, n - p * kPiece), flags + p * kPiece);
  });
  for (int64_t p = 0; p < pieces; p++) first[size_t(p) + 1] += first[size_t(p)];
  return first;
}

}  // namespace

Tensor chosen_numbers(const View& x, const View& mask) {
  Temp keep;
  const uint8_t* flags = as_contiguous(mask, DType::Bool, keep).ptr<const uint8_t>();
  const int64_t n = mask.numel(), pieces = (n + kPiece - 1) / kPiece;
  const std::vector<int64_t> first = counted(flags, n);
  Shape shape{first.back()};
  for (int i = mask.shape.n; i < x.shape.n; i++) shape.push(x.shape[i]);
  Tensor made = make_tensor(shape, x.dtype);
  const int64_t width = numel(shape) ? made->numel() / first.back() : 0;
  if (!width) return made;
  with_size(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* from = x.ptr<const T>();
    T* to = static_cast<T*>(made->data());
    parallel_for(pieces, 2, [&](int64_t b, int64_t e) {
      int64_t at[kFew];
      T* next = to + first[size_t(b)] * width;
      for (int64_t begin = b * kPiece; begin < std::min(n, e * kPiece); begin += kFew) {
        const int64_t here = std::min(kFew, n - begin), count = pick_move_table()->count(here, flags + begin);
        pick_move_table()->places(here, flags + begin, begin, count, at);
        if (width == 1)
          for (int64_t i = 0; i < count; i++) next[i] = from[at[i]];
        else
          for (int64_t i = 0; i < count; i++) std::copy_n(from + at[i] * width, width, next + i * width);
        next += count * width;
      }
    });
  });
  return made;
}

std::vector<Tensor> nonzero_places(const View& x, bool flat) {
  Temp keep;
  const uint8_t* flags = as_contiguous(x, DType::Bool, keep).ptr<const uint8_t>();
  const int64_t n = x.numel(), pieces = (n + kPiece - 1) / kPiece;
  const MoveTable* table = pick_move_table();
  const std::vector<int64_t> first = counted(flags, n);
  const int axes = flat ? 1 : x.shape.n;
  std::vector<Tensor> made;
  for (int i = 0; i < axes; i++) made.push_back(make_tensor(Shape{first.back()}, DType::I64));
  std::vector<int64_t*> to;
  for (const Tensor& t : made) to.push_back(static_cast<int64_t*>(t->data()));
  parallel_for(pieces, 2, [&](int64_t b, int64_t e) {
    for (int64_t p = b; p < e; p++) {
      const int64_t at = first[size_t(p)], count = first[size_t(p) + 1] - at, begin = p * kPiece;
      table->places(std::min(kPiece, n - begin), flags + begin, begin, count, to.back() + at);
      for (int i = axes - 1; i > 0; i--) split_rows(count, x.shape[i], to[size_t(i)] + at, to[size_t(i) - 1] + at);
    }
  });
  return made;
}

}  // namespace dl
