// Dims: a short list of sizes, strides or axes that never allocates.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>

namespace dl {

inline constexpr int kMaxDims = 8;

struct Dims {
  int n = 0;
  int64_t d[kMaxDims];

  Dims() = default;
  Dims(std::initializer_list<int64_t> v) {
    for (int64_t x : v) d[n++] = x;
  }
  int64_t& operator[](int i) { return d[i]; }
  int64_t operator[](int i) const { return d[i]; }
  int size() const { return n; }
  void push(int64_t v);  // throws ValueError beyond kMaxDims
  const int64_t* begin() const { return d; }
  const int64_t* end() const { return d + n; }
  int64_t* begin() { return d; }
  int64_t* end() { return d + n; }
  bool operator==(const Dims& o) const {
    if (n != o.n) return false;
    for (int i = 0; i < n; i++)
      if (d[i] != o.d[i]) return false;
    return true;
  }
  bool operator!=(const Dims& o) const { return !(*this == o); }
};

using Shape = Dims;

inline int64_t numel(const Shape& s) {
  int64_t n = 1;
  for (int64_t v : s) n *= v;
  return n;
}
std::string to_string(const Dims& s);  // "(2, 3)", "(4,)", "()"

Dims contiguous_strides(const Shape& s);
// Strides for a channels-last (N, ..., C in memory) tensor whose logical order is (N, C, spatial...).
Dims channels_last_strides(const Shape& s);
bool is_contiguous(const Shape& shape, const Dims& strides);
bool is_channels_last(const Shape& shape, const Dims& strides);
// Every element once, no gaps, in some axis order: then a flat walk over memory visits each element once.
bool is_dense(const Shape& shape, const Dims& strides);

// NumPy broadcasting. `op` is named in the error.
Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op);
// Strides of an array of `shape`/`strides` seen as `target` (0 along broadcast axes).
Dims broadcast_strides(const Shape& shape, const Dims& strides, const Shape& target);
// -1 style axes to 0..ndim-1; throws IndexError naming op, axis and ndim.
int normalize_axis(int64_t axis, int ndim, const char* op);

}  // namespace dl
