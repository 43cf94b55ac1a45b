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
// A step of an optimizer, or a running average: only numbers stretch. States are those inputs of which the dtype rule
// "update:0,2,3" says that they come back.
static void step(InferCall& c) {
  const OpDef& op = *c.op;
  const Shape& shape = c.in[0].shape;
  uint64_t kept = 0;
  for (size_t at = op.dtype_name.find_first_of(":,"); at != std::string::npos; at = op.dtype_name.find(',', at + 1))
    kept |= uint64_t(1) << std::atoi(op.dtype_name.c_str() + at + 1);
  for (int i = 0; i < c.nin; i++) {
    const Meta& m = c.in[i];
    if (!m.given) continue;
    const bool state = kept >> i & 1, number = m.weak && m.shape.n == 0;
    const std::string name = op.name + ": expected " + op.inputs[size_t(i)].name;
    if (state && (number || !is_float(m.dtype)))
      throw TypeError(name + " as a floating-point array, got " +
                      (number ? "a number" : std::string(dtype_name(m.dtype)) + " of shape " + to_string(m.shape)));
    if (m.shape == shape || (number && !state)) continue;
    if (state || i == 1)
      throw ValueError(name + " of shape " + to_string(shape) + ", that of " + op.inputs[0].name + ", got shape " +
                       to_string(m.shape));
    if (broadcast_shapes(shape, m.shape, c.name()) != shape)
      throw ValueError(name + " as a number or of shape " + to_string(shape) + ", that of " + op.inputs[0].name +
                       ", got shape " + to_string(m.shape));
  }
  for (auto& m : c.out) m.shape = shape;
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
DL_INFER("step", step);
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
// Pieces or layers of a gradient: its parts are what the arrays behind it were joined from.
static void cut_like(InferCall& c, int axis, const std::vector<int64_t>& sizes, bool drop_axis) {
  int64_t total = 0, size = c.in[0].shape[axis];
  for (int64_t s : sizes) total += s;
  if (total != size)
    throw ValueError(format("%s: expected arrays that make up the %lld of axis %d, got %lld", c.name(), (long long)size,
                            axis, (long long)total));
  cut(c, axis, sizes, drop_axis);
}
DL_INFER("split_like", [](InferCall& c) {
  int axes = c.in[0].shape.n, axis = normalize_axis(c.attr("axis").i, axes, c.name());
  std::vector<int64_t> sizes;
  for (int i = 1; i < c.nin; i++) {
    if (c.in[i].shape.n != axes)
      throw ValueError(format("%s: expected arrays of %d axes, got one of shape %s", c.name(), axes,
                              to_string(c.in[i].shape).c_str()));
    sizes.push_back(c.in[i].shape[axis]);
  }
  cut_like(c, axis, sizes, false);
});
DL_INFER("unstack", [](InferCall& c) {
  int axis = normalize_axis(c.attr("axis").i, c.in[0].shape.n, c.name());
  cut_like(c, axis, std::vector<int64_t>(size_t(c.nin - 1), 1), true);
});

// ---- small kernels of their own shape ------------------------------------------------------------------------------------

DL_INFER("arange", [](InferCall& c) {
  double start = c.attr("start").f, stop = c.attr("stop").f, step = c.attr("step").f;
  if (step == 0)
    throw ValueError(format("%s: expected a step that is not 0, got 0 from %g to %g", c.name(), start, stop));
  double count = std::ceil((stop - start) / step);
  if (count == 0 && start != stop && !std::signbit(count)) count = 1;  // a step so large that the quotient is zero
  if (!(count < 9e18))
    throw ValueError(format("%s: cannot count the numbers from %g to %g in steps of %g", c.name(), start, stop, step));
  c.out[0].shape = Shape{count > 0 ? int64_t(count) : 0};
});
DL_INFER("eye", [](InferCall& c) { c.out[0].shape = Shape{c.attr("n").i, c.attr("m").i}; });
DL_INFER("one_hot", [](InferCall& c) {
  c.out[0].shape = c.in[0].shape;
  int64_t depth = c.attr("depth").i;
  if (depth < 0) throw ValueError(format("%s: depth must not be negative, got %lld", c.name(), (long long)depth));
  c.out[0].shape.push(depth);
});

}  // namespace dl
