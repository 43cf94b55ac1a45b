#include "kernels/cpu/places.h"

#include "kernels/cpu/isa/move_table.h"
#include "kernels/cpu/views.h"

namespace dl {
namespace {

constexpr int64_t kPiece = 1 << 14;  // flags that one thread looks at in one go

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

}  // namespace

std::vector<Tensor> nonzero_places(const View& x, bool flat) {
  Temp keep;
  const uint8_t* flags = as_contiguous(x, DType::Bool, keep).ptr<const uint8_t>();
  const int64_t n = x.numel(), pieces = (n + kPiece - 1) / kPiece;
  const MoveTable* table = pick_move_table();
  std::vector<int64_t> first(size_t(pieces) + 1);  // of each piece: how many come before
  parallel_for(pieces, 2, [&](int64_t b, int64_t e) {
    for (int64_t p = b; p < e; p++)
      first[size_t(p) + 1] = table->count(std::min(kPiece, n - p * kPiece), flags + p * kPiece);
  });
  for (int64_t p = 0; p < pieces; p++) first[size_t(p) + 1] += first[size_t(p)];
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
