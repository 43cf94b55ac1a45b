// The shape rules of operators whose result is a view of their input.
#include <algorithm>

#include "runtime/registry.h"

namespace dl {

uint32_t axis_mask(const Attr& a, int ndim, const char* op);  // rules_shape.cpp

static void set_view(InferCall& c, const Shape& shape, const Dims& strides, int64_t offset = 0) {
  c.out[0].shape = shape;
  c.out[0].strides = strides;
  c.out[0].view_of = 0;
  c.out[0].offset = offset;
}

// Strides of `in` seen with another shape, without moving data; false if that is impossible.
static bool view_strides(const Meta& in, const Shape& want, Dims& out) {
  out.n = want.n;
  if (numel(want) == 0 || is_contiguous(in.shape, in.strides)) {
    out = contiguous_strides(want);
    return true;
  }
  int i = 0, o = 0;
  while (i < in.shape.n || o < want.n) {
    int64_t a = 1, b = 1;
    int i0 = i, o0 = o;
    do {  // grow both groups until their sizes agree
      if (a <= b && i < in.shape.n)
        a *= in.shape[i++];
      else if (o < want.n)
        b *= want[o++];
      else if (i < in.shape.n)
        a *= in.shape[i++];
      else
        return false;
    } while (a != b);
    int last = -1;  // the input group must be one run of memory
    int64_t step = 0, span = 1;
    for (int k = i - 1; k >= i0; k--) {
      if (in.shape[k] == 1) continue;
      if (last < 0)
        step = in.strides[k];
      else if (in.strides[k] != span * step)
        return false;
      last = k;
      span *= in.shape[k];
    }
    int64_t s = last < 0 ? 1 : step;
    for (int k = o - 1; k >= o0; k--) {
      out[k] = s;
      s *= want[k];
    }
  }
  return true;
}

static void reshape_to(InferCall& c, Shape want) {
  const Shape& in = c.in[0].shape;
  int unknown = -1;
  int64_t known = 1;
  for (int i = 0; i < want.n; i++) {
    if (want[i] == -1) {
      if (unknown >= 0) throw ValueError(std::string(c.name()) + ": only one size may be -1, got " + to_string(want));
      unknown = i;
    } else {
      known *= want[i];
    }
  }
  if (unknown >= 0 && known > 0) want[unknown] = numel(in) / known;
  if (unknown >= 0 && known == 0) want[unknown] = 0;
  bool negative = false;
  for (int64_t v : want) negative |= v < 0;
  if (negative || numel(want) != numel(in))
    throw ValueError(std::string(c.name()) + ": an array of shape " + to_string(in) + " (" + std::to_string(numel(in)) +
                     " elements) cannot take the shape " +
                     to_string(c.op->attr_index("shape") >= 0 ? c.attr("shape").v : want));
  Dims strides;
  if (view_strides(c.in[0], want, strides)) return set_view(c, want, strides);
  c.out[0].shape = want;
  c.out[0].strides = contiguous_strides(want);
}
DL_INFER("reshape", [](InferCall& c) { reshape_to(c, c.attr("shape").v); });
DL_INFER("reshape_like", [](InferCall& c) { reshape_to(c, c.in[1].shape); });
DL_INFER("flatten2d", [](InferCall& c) {
  const Shape& s = c.in[0].shape;
  int i = c.op->attr_index("leading");
  bool leading = i >= 0 && (*c.attrs)[size_t(i)].i;
  int64_t keep = s.n == 0 ? 1 : leading ? s[s.n - 1] : s[0], rest = 1;
  for (int k = leading ? 0 : 1; k < s.n - (leading ? 1 : 0); k++) rest *= s[k];
  reshape_to(c, leading ? Shape{rest, keep} : Shape{keep, rest});
});

static void permute(InferCall& c, const Dims& order) {
  Shape shape;
  Dims strides;
  for (int64_t a : order) {
    shape.push(c.in[0].shape[int(a)]);
    strides.push(c.in[0].strides[int(a)]);
  }
  set_view(c, shape, strides);
}
DL_INFER("transpose", [](InferCall& c) {
  int n = c.in[0].shape.n;
  Dims order;
  const Attr& axes = c.attr("axes");
  if (axes.none()) {
    for (int i = n - 1; i >= 0; i--) order.push(i);
  } else {
    uint32_t seen = 0;
    for (int64_t a : axes.v) {
      int k = normalize_axis(a, n, c.name());
      seen |= 1u << k;
      order.push(k);
    }
    if (order.n != n || seen != (1u << n) - 1)
      throw ValueError(std::string(c.name()) + ": axes " + to_string(axes.v) + " are not a permutation of " +
                       std::to_string(n) + " axes");
  }
  permute(c, order);
});
DL_INFER("swap_last", [](InferCall& c) {
  int n = c.in[0].shape.n;
  if (n < 2)
    throw ValueError(std::string(c.name()) + ": expected at least 2 dimensions, got shape " + to_string(c.in[0].shape));
  Dims order;
  for (int i = 0; i < n; i++) order.push(i);
  std::swap(order[n - 1], order[n - 2]);
  permute(c, order);
});
DL_INFER("expand_dims", [](InferCall& c) {
  const Attr& a = c.attr("axis");
  Dims axes = a.kind == Attr::Ints ? a.v : Dims{a.i};
  int n = c.in[0].shape.n + axes.n, k = 0;
  uint32_t mask = axis_mask(Attr::of_ints(axes), n, c.name());
  Shape shape;
  Dims strides;
  for (int i = 0; i < n; i++) {
    bool fresh = mask >> i & 1;
    shape.push(fresh ? 1 : c.in[0].shape[k]);
    strides.push(fresh ? (k < c.in[0].shape.n ? c.in[0].shape[k] * c.in[0].strides[k] : 1) : c.in[0].strides[k]);
    if (!fresh) k++;
  }
  set_view(c, shape, strides);
});
DL_INFER("squeeze", [](InferCall& c) {
  const Shape& in = c.in[0].shape;
  const Attr& a = c.attr("axis");
  uint32_t mask = axis_mask(a, in.n, c.name());
  Shape shape;
  Dims strides;
  for (int i = 0; i < in.n; i++) {
    bool drop = mask >> i & 1;
    if (drop && in[i] != 1 && !a.none())
      throw ValueError(std::string(c.name()) + ": axis " + std::to_string(i) + " has size " + std::to_string(in[i]) +
                       ", only axes of size 1 can be removed");
    if (drop && in[i] == 1) continue;
    shape.push(in[i]);
    strides.push(c.in[0].strides[i]);
  }
  set_view(c, shape, strides);
});

static void broadcast_view(InferCall& c, const Shape& want) {
  if (broadcast_shapes(c.in[0].shape, want, c.name()) != want)
    throw ValueError(std::string(c.name()) + ": shape " + to_string(c.in[0].shape) + " cannot be broadcast to " +
                     to_string(want));
  set_view(c, want, broadcast_strides(c.in[0].shape, c.in[0].strides, want));
}
DL_INFER("broadcast_to", [](InferCall& c) { broadcast_view(c, c.attr("shape").v); });
DL_INFER("broadcast_like", [](InferCall& c) { broadcast_view(c, c.in[1].shape); });
// A reduction undone: the reduced axes come back with stride 0.
DL_INFER("unreduce", [](InferCall& c) {
  const Meta& g = c.in[0];
  const Shape& want = c.in[1].shape;
  uint32_t mask = axis_mask(c.attr("axis"), want.n, c.name());
  bool kept = c.attr("keepdims").i != 0;
  Dims strides, reduced;
  int k = 0;
  for (int i = 0; i < want.n; i++)
    if (!(mask >> i & 1))
      reduced.push(want[i]);
    else if (kept)
      reduced.push(1);
  if (g.shape != reduced)
    throw ValueError(format("%s: expected g %s for x %s, got %s", c.name(), to_string(reduced).c_str(),
                            to_string(want).c_str(), to_string(g.shape).c_str()));
  for (int i = 0; i < want.n; i++) {
    bool was_reduced = mask >> i & 1;
    strides.push(was_reduced ? 0 : g.strides[k]);
    if (!was_reduced || kept) k++;
  }
  set_view(c, want, strides);
});

static void window_view(InferCall& c, const Dims& start, const Dims& size, const Attr& step) {
  const Shape& in = c.in[0].shape;
  if (start.n < size.n || (!step.none() && step.v.n < size.n))
    throw ValueError(format("%s: expected a start and a step for each of %d axes, got %d starts and %d steps", c.name(),
                            size.n, start.n, step.none() ? size.n : step.v.n));
  if (start.n > in.n || size.n > in.n)
    throw IndexError(format("%s: too many indices, expected at most %d for an array of shape %s, got %d", c.name(),
                            in.n, to_string(in).c_str(), std::max(start.n, size.n)));
  Shape shape = in;
  Dims strides = c.in[0].strides;
  int64_t offset = 0;
  for (int i = 0; i < size.n; i++) {
    int64_t by = step.none() ? 1 : step.v[i], last = 0;
    bool far = __builtin_mul_overflow(size[i] - 1, by, &last) || __builtin_add_overflow(last, start[i], &last);
    if (size[i] < 0 || (size[i] > 0 && far) ||
        (size[i] > 0 && (start[i] < 0 || start[i] >= in[i] || last < 0 || last >= in[i])))
      throw IndexError(format("%s: elements %lld to %lld are outside axis %d of size %lld", c.name(),
                              (long long)start[i], (long long)last, i, (long long)in[i]));
    if (size[i] > 0) offset += start[i] * strides[i];
    shape[i] = size[i];
    strides[i] *= by;
  }
  set_view(c, shape, strides, numel(shape) ? offset : 0);
}
DL_INFER("slice", [](InferCall& c) { window_view(c, c.attr("start").v, c.attr("size").v, c.attr("step")); });
// A window, then its axes of size 1 dropped and new ones put in.
DL_INFER("part", [](InferCall& c) {
  const Dims& size = c.attr("size").v;
  if (size.n != c.in[0].shape.n)
    throw ValueError(format("%s: expected a size for each of %d axes, got %d", c.name(), c.in[0].shape.n, size.n));
  window_view(c, c.attr("start").v, size, c.attr("step"));
  Meta window = c.out[0];
  const Shape& shape = c.attr("shape").v;
  Dims strides;
  if (numel(shape) != numel(window.shape) || !view_strides(window, shape, strides))
    throw ValueError(std::string(c.name()) + ": a window of shape " + to_string(window.shape) +
                     " cannot be seen as one of shape " + to_string(shape));
  set_view(c, shape, strides, window.offset);
});
DL_INFER("window", [](InferCall& c) {
  Dims size = c.in[1].shape, start = c.attr("start").v;
  size.n = std::min(size.n, start.n);
  window_view(c, start, size, c.attr("step"));
});
DL_INFER("flip", [](InferCall& c) {
  const Shape& in = c.in[0].shape;
  uint32_t mask = axis_mask(c.attr("axis"), in.n, c.name());
  Dims strides = c.in[0].strides;
  int64_t offset = 0;
  for (int i = 0; i < in.n; i++)
    if (mask >> i & 1) {
      if (in[i] > 0) offset += (in[i] - 1) * strides[i];
      strides[i] = -strides[i];
    }
  set_view(c, in, strides, numel(in) ? offset : 0);
});

}  // namespace dl
