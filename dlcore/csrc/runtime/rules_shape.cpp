// The shape rules that more than one operator uses. Rules of one kernel live in that kernel's file.
#include <cmath>

#include "runtime/registry.h"

namespace dl {

// Axes named by an attribute that may be None (all), an integer or a list; as a mask over dimensions.
uint32_t axis_mask(const Attr& a, int ndim, const char* op) {
  if (a.none()) return (1u << ndim) - 1;
  uint32_t mask = 0;
  Dims axes = a.kind == Attr::Ints ? a.v : Dims{a.i};
  for (int64_t x : axes) {
    uint32_t bit = 1u << normalize_axis(x, ndim, op);
    if (mask & bit)
      throw ValueError(std::string(op) + ": axis " + std::to_string(x) + " is named twice in " + to_string(axes));
    mask |= bit;
  }
  return mask;
}

static void same(InferCall& c) {
  for (auto& m : c.out) m.shape = c.in[0].shape;
}
static void broadcast(InferCall& c) {
  Shape s;
  for (int i = 0; i < c.nin; i++)
    if (c.in[i].given) s = broadcast_shapes(s, c.in[i].shape, c.name());
  for (auto& m : c.out) m.shape = s;
}
static void like(InferCall& c, int i) {
  for (auto& m : c.out) m.shape = c.in[i].shape;
}
static void like_marked(InferCall& c) {  // the shape-only input
  for (int i = 0; i < c.nin; i++)
    if (c.op->inputs[std::min(size_t(i), c.op->inputs.size() - 1)].shape_only) return like(c, i);
  like(c, 0);
}
DL_INFER("same", same);
DL_INFER("broadcast", broadcast);
DL_INFER("like", like_marked);
DL_INFER("like1", [](InferCall& c) { like(c, 1); });
DL_INFER("like2", [](InferCall& c) { like(c, 2); });
DL_INFER("scalar", [](InferCall& c) {
  for (auto& m : c.out) m.shape = Shape();
});
DL_INFER("attr_shape", [](InferCall& c) {
  for (auto& m : c.out) m.shape = c.attr("shape").v;
  for (int64_t v : c.out[0].shape)
    if (v < 0) throw ValueError(std::string(c.name()) + ": negative size in shape " + to_string(c.out[0].shape));
});
DL_INFER("sum_to", [](InferCall& c) {
  c.out[0].shape = c.attr("shape").v;
  if (broadcast_shapes(c.in[0].shape, c.out[0].shape, c.name()) != c.in[0].shape)
    throw ValueError(std::string(c.name()) + ": expected an array that was broadcast from " +
                     to_string(c.out[0].shape) + ", got shape " + to_string(c.in[0].shape));
});

// ---- reductions ------------------------------------------------------------------------------------------------------

static Shape reduced(const Shape& in, uint32_t mask, bool keepdims) {
  Shape out;
  for (int i = 0; i < in.n; i++) {
    if (!(mask >> i & 1))
      out.push(in[i]);
    else if (keepdims)
      out.push(1);
  }
  return out;
}
static void reduce(InferCall& c) {
  uint32_t mask = axis_mask(c.attr("axis"), c.in[0].shape.n, c.name());
  for (auto& m : c.out) m.shape = reduced(c.in[0].shape, mask, c.attr("keepdims").i != 0);
}
DL_INFER("reduce", reduce);
DL_INFER("arg_reduce", reduce);
DL_INFER("axis_size", [](InferCall& c) {
  axis_mask(c.attr("axis"), c.in[0].shape.n, c.name());
  c.out[0].shape = Shape();
});
DL_INFER("cumulative", [](InferCall& c) {
  const Attr& axis = c.attr("axis");
  if (axis.none()) {
    c.out[0].shape = Shape{numel(c.in[0].shape)};
  } else {
    normalize_axis(axis.i, c.in[0].shape.n, c.name());
    c.out[0].shape = c.in[0].shape;
  }
});

// ---- views -----------------------------------------------------------------------------------------------------------

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
    throw ValueError(
        format("%s: expected a start and a step for each of %d axes, got %d starts", c.name(), size.n, start.n));
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

// ---- several views of one array ----------------------------------------------------------------------------------------

static void cut(InferCall& c, int axis, const std::vector<int64_t>& sizes, bool drop_axis) {
  DType dtype = c.out[0].dtype;
  c.out.assign(sizes.size(), Meta());
  int64_t begin = 0;
  for (size_t k = 0; k < sizes.size(); k++) {
    Meta& m = c.out[k];
    m.dtype = dtype;
    m.view_of = 0;
    m.offset = numel(c.in[0].shape) ? begin * c.in[0].strides[axis] : 0;
    for (int i = 0; i < c.in[0].shape.n; i++) {
      if (i == axis && drop_axis) continue;
      m.shape.push(i == axis ? sizes[k] : c.in[0].shape[i]);
      m.strides.push(c.in[0].strides[i]);
    }
    begin += sizes[k];
  }
}
DL_INFER("split", [](InferCall& c) {
  int axis = normalize_axis(c.attr("axis").i, c.in[0].shape.n, c.name());
  int64_t n = c.in[0].shape[axis], parts = c.attr("parts").i;
  const Attr& given = c.attr("sizes");
  std::vector<int64_t> sizes;
  int64_t total = 0;
  if (!given.none()) {
    for (int64_t s : given.v) sizes.push_back(s), total += s;
    if (total != n)
      throw ValueError(std::string(c.name()) + ": sizes " + to_string(given.v) + " do not add up to " +
                       std::to_string(n));
  } else {
    if (parts < 1 || n % parts)
      throw ValueError(format("%s: axis %d of size %lld cannot be split into %lld equal parts", c.name(), axis,
                              (long long)n, (long long)parts));
    sizes.assign(size_t(parts), n / parts);
  }
  cut(c, axis, sizes, false);
});
DL_INFER("split_like", [](InferCall& c) {
  int axis = normalize_axis(c.attr("axis").i, c.in[0].shape.n, c.name());
  std::vector<int64_t> sizes;
  for (int i = 1; i < c.nin; i++) sizes.push_back(c.in[i].shape[axis]);
  cut(c, axis, sizes, false);
});
DL_INFER("unstack", [](InferCall& c) {
  int axis = normalize_axis(c.attr("axis").i, c.in[0].shape.n, c.name());
  cut(c, axis, std::vector<int64_t>(size_t(c.nin - 1), 1), true);
});

// ---- small kernels of their own shape ------------------------------------------------------------------------------------

DL_INFER("arange", [](InferCall& c) {
  double start = c.attr("start").f, stop = c.attr("stop").f, step = c.attr("step").f;
  if (step == 0) throw ValueError(std::string(c.name()) + ": step must not be 0");
  c.out[0].shape = Shape{std::max(int64_t(0), int64_t(std::ceil((stop - start) / step)))};
});
DL_INFER("eye", [](InferCall& c) { c.out[0].shape = Shape{c.attr("n").i, c.attr("m").i}; });
DL_INFER("permutation", [](InferCall& c) { c.out[0].shape = Shape{c.attr("n").i}; });
DL_INFER("one_hot", [](InferCall& c) {
  c.out[0].shape = c.in[0].shape;
  int64_t depth = c.attr("depth").i;
  if (depth < 0) throw ValueError(format("%s: depth must not be negative, got %lld", c.name(), (long long)depth));
  c.out[0].shape.push(depth);
});
DL_INFER("pad", [](InferCall& c) {
  Dims before = c.attr("before").v, after = c.attr("after").v;
  c.out[0].shape = c.in[0].shape;
  if (before.n != c.in[0].shape.n || after.n != before.n)
    throw ValueError(std::string(c.name()) + ": expected one pair of widths for each of " +
                     std::to_string(c.in[0].shape.n) + " axes");
  for (int i = 0; i < before.n; i++) {
    if (before[i] < 0 || after[i] < 0) throw ValueError(std::string(c.name()) + ": widths must not be negative");
    c.out[0].shape[i] += before[i] + after[i];
  }
});

}  // namespace dl
