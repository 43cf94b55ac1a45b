// softmax, log_softmax and the cross-entropy of softmax with class labels, along any axis. Half precision is computed
// in float32. The largest number of a line is taken away first, so nothing overflows.
#include <algorithm>

#include "kernels/cpu/isa/softmax.h"
#include "kernels/cpu/lines.h"

namespace dl {
namespace {

template <class T>
const SoftmaxRows<T>& rows() {
  if constexpr (std::is_same_v<T, float>)
    return pick_softmax_table()->f32;
  else
    return pick_softmax_table()->f64;
}

int64_t grain_of(int64_t n) { return std::max<int64_t>(1, 12 * 1024 / std::max<int64_t>(1, n)); }

int axis_of(const KernelCall& c, const Shape& s) {
  int64_t axis = int_attr(c, "axis", -1);
  if (s.n == 0 && (axis == -1 || axis == 0)) return 0;  // a single number is a line of length 1
  return normalize_axis(axis, s.n, c.op->name.c_str());
}

// Row-major arrays along an axis that is not the last: strips of columns, where they lie.
template <bool kLog, class T>
void softmax_columns(const View& x, const View& y, const AxisSplit& s) {
  auto run = kLog ? rows<T>().log_columns : rows<T>().columns;
  int64_t strips = (s.inner + kSoftmaxColumns - 1) / kSoftmaxColumns;
  parallel_for(s.outer * strips, grain_of(s.n * std::min(s.inner, kSoftmaxColumns)), [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) {
      int64_t first = i % strips * kSoftmaxColumns, at = i / strips * s.n * s.inner + first;
      run(x.ptr<const T>() + at, y.ptr<T>() + at, s.n, std::min(kSoftmaxColumns, s.inner - first), s.inner);
    }
  });
}

template <bool kLog>
void softmax(const KernelCall& c) {
  int axis = axis_of(c, c.in[0].shape);
  if (c.out[0].numel() == 0) return;
  DType t = compute_type(c.out[0].dtype);
  AxisSplit s(c.in[0].shape, axis);
  if (s.inner >= 16 && c.in[0].dtype == t && c.out[0].dtype == t && is_contiguous(c.in[0].shape, c.in[0].strides) &&
      is_contiguous(c.out[0].shape, c.out[0].strides))
    return with_compute_type(t, [&](auto zero) { softmax_columns<kLog, decltype(zero)>(c.in[0], c.out[0], s); });
  View x = axis_last(c.in[0], axis), y = axis_last(c.out[0], axis);
  auto ready = [&](const View& v) { return v.dtype == t && is_contiguous(v.shape, v.strides); };
  int64_t n = x.shape.n ? x.shape[x.shape.n - 1] : 1, lines = x.numel() / n;
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    auto run = kLog ? rows<T>().log_softmax : rows<T>().softmax;
    if (ready(x) && ready(y))
      return parallel_for(lines, grain_of(n),
                          [&](int64_t b, int64_t e) { run(x.ptr<const T>() + b * n, y.ptr<T>() + b * n, n, e - b); });
    each_few_lines(x, y, [&](const View& from, const View& to) {
      Temp keep;
      View made = temp_view(from.shape, t, keep);
      copy_view(made, from);
      run(made.ptr<const T>(), made.ptr<T>(), n, from.shape[0]);
      copy_view(to, made);
    });
  });
}
DL_KERNEL("softmax", softmax<false>);
DL_KERNEL("log_softmax", softmax<true>);

// ---- cross-entropy ----

// Class labels as integers, every one checked before any is used.
View class_labels(const KernelCall& c, const View& labels, int64_t classes, Temp& keep) {
  View l = as_contiguous(labels, DType::I64, keep);
  const int64_t* p = l.ptr<const int64_t>();
  for (int64_t i = 0, n = l.numel(); i < n; i++)
    if (p[i] < 0 || p[i] >= classes)
      throw IndexError(format("%s: label %lld of sample %lld is out of range, expected 0 to %lld (%lld classes)",
                              c.op->name.c_str(), (long long)p[i], (long long)i, (long long)classes - 1,
                              (long long)classes));
  return l;
}

void check_lines(const KernelCall& c, const char* what, const View& v, const Shape& x, int axis) {
  Shape want = drop_axis(x, axis);
  if (v.shape != want)
    throw ValueError(c.op->name + ": expected " + what + " " + to_string(want) + " for logits " + to_string(x) +
                     ", got " + to_string(v.shape));
}

void softmax_cross_entropy(const KernelCall& c) {
  int axis = axis_of(c, c.in[0].shape);
  check_lines(c, "labels", c.in[1], c.in[0].shape, axis);
  if (c.out[0].numel() == 0) return;
  DType t = compute_type(c.out[0].dtype);
  Temp kx, kl, ky;
  View x = as_contiguous(axis_last(c.in[0], axis), t, kx);
  int64_t n = x.shape[x.shape.n - 1];
  View labels = class_labels(c, c.in[1], n, kl);
  bool direct = c.out[0].dtype == t && is_contiguous(c.out[0].shape, c.out[0].strides);
  View y = direct ? c.out[0] : temp_view(c.out[0].shape, t, ky);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(y.numel(), grain_of(n), [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; i++) {
        const T* line = x.ptr<const T>() + i * n;
        y.ptr<T>()[i] = rows<T>().cross_entropy(line, n, labels.ptr<const int64_t>()[i]);
      }
    });
  });
  if (!direct) copy_view(c.out[0], y);
}
DL_KERNEL("softmax_cross_entropy", softmax_cross_entropy);

// Inputs (g, logits, labels): (softmax(logits) - one_hot(labels)) * g.
void softmax_cross_entropy_grad(const KernelCall& c) {
  int axis = axis_of(c, c.in[1].shape);
  check_lines(c, "labels", c.in[2], c.in[1].shape, axis);
  check_lines(c, "g", c.in[0], c.in[1].shape, axis);
  if (c.out[0].numel() == 0) return;
  DType t = compute_type(c.out[0].dtype);
  Temp kx, kl, kg;
  View x = as_contiguous(axis_last(c.in[1], axis), t, kx), g = as_contiguous(c.in[0], t, kg);
  int64_t n = x.shape[x.shape.n - 1];
  View labels = class_labels(c, c.in[2], n, kl);
  LineOutput y(c.out[0], axis, t);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(g.numel(), grain_of(n), [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; i++) {
        T* line = y.view.ptr<T>() + i * n;
        rows<T>().scaled_softmax(x.ptr<const T>() + i * n, line, n, g.ptr<const T>()[i]);
        line[labels.ptr<const int64_t>()[i]] -= g.ptr<const T>()[i];
      }
    });
  });
  y.finish();
}
DL_KERNEL("softmax_cross_entropy_grad", softmax_cross_entropy_grad);

}  // namespace
}  // namespace dl
