#include "tensor/dims.h"

#include <cstdarg>
#include <cstdio>

#include "tensor/errors.h"

namespace dl {

std::string format(const char* fmt, ...) {
  char buf[1024];
  va_list args;
  va_start(args, fmt);
  vsnprintf(buf, sizeof buf, fmt, args);
  va_end(args);
  return buf;
}

void Dims::push(int64_t v) {
  if (n >= kMaxDims)
    throw ValueError(format("expected at most %d dimensions, got more than %s", kMaxDims, to_string(*this).c_str()));
  d[n++] = v;
}

std::string to_string(const Dims& s) {
  std::string r = "(";
  for (int i = 0; i < s.n; i++) r += (i ? ", " : "") + std::to_string(s[i]);
  return r + (s.n == 1 ? ",)" : ")");
}

Dims contiguous_strides(const Shape& s) {
  Dims r;
  r.n = s.n;
  uint64_t step = 1;  // wraps for a shape larger than memory, which make_tensor refuses
  for (int i = s.n - 1; i >= 0; i--) {
    r[i] = int64_t(step);
    step *= s[i] > 0 ? uint64_t(s[i]) : 1;
  }
  return r;
}

Dims channels_last_strides(const Shape& s) {
  if (s.n < 3) return contiguous_strides(s);
  Dims r;
  r.n = s.n;
  int64_t step = s[1];
  r[1] = 1;
  for (int i = s.n - 1; i >= 2; i--) {
    r[i] = step;
    step *= s[i];
  }
  r[0] = step;
  return r;
}

static bool matches(const Shape& shape, const Dims& strides, const Dims& want) {
  for (int i = 0; i < shape.n; i++)
    if (shape[i] > 1 && strides[i] != want[i]) return false;
  return true;
}

bool is_contiguous(const Shape& shape, const Dims& strides) {
  return numel(shape) == 0 || matches(shape, strides, contiguous_strides(shape));
}

bool is_channels_last(const Shape& shape, const Dims& strides) {
  return shape.n >= 3 && matches(shape, strides, channels_last_strides(shape));
}

bool is_dense(const Shape& shape, const Dims& strides) {
  int order[kMaxDims], n = 0;
  for (int i = 0; i < shape.n; i++) {
    if (shape[i] == 0) return true;
    if (shape[i] > 1) order[n++] = i;
  }
  for (int i = 1; i < n; i++)  // insertion sort by stride, smallest first
    for (int j = i; j > 0 && strides[order[j]] < strides[order[j - 1]]; j--) std::swap(order[j], order[j - 1]);
  int64_t step = 1;
  for (int i = 0; i < n; i++) {
    if (strides[order[i]] != step) return false;
    step *= shape[order[i]];
  }
  return true;
}

Shape broadcast_shapes(const Shape& a, const Shape& b, const char* op) {
  Shape r;
  r.n = a.n > b.n ? a.n : b.n;
  for (int i = 0; i < r.n; i++) {
    int64_t x = i < r.n - a.n ? 1 : a[i - (r.n - a.n)], y = i < r.n - b.n ? 1 : b[i - (r.n - b.n)];
    if (x != y && x != 1 && y != 1)
      throw ValueError(std::string(op) + ": shapes " + to_string(a) + " and " + to_string(b) +
                       " cannot be broadcast together (sizes " + std::to_string(x) + " and " + std::to_string(y) +
                       " at axis " + std::to_string(i - r.n) + ")");
    r[i] = x == 1 ? y : x;
  }
  return r;
}

Dims broadcast_strides(const Shape& shape, const Dims& strides, const Shape& target) {
  Dims r;
  r.n = target.n;
  int lead = target.n - shape.n;
  for (int i = 0; i < target.n; i++)
    r[i] = i < lead || (shape[i - lead] == 1 && target[i] != 1) ? 0 : strides[i - lead];
  return r;
}

int normalize_axis(int64_t axis, int ndim, const char* op) {
  if (axis < -ndim || axis >= ndim)
    throw IndexError(format("%s: axis %lld is out of range for an array of %d dimensions", op, (long long)axis, ndim));
  return int(axis < 0 ? axis + ndim : axis);
}

}  // namespace dl
