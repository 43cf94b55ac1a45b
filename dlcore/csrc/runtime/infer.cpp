// Shapes, dtypes and strides of what an operator gives, before anything is computed.
#include "runtime/invoke.h"
#include "tensor/fault.h"

namespace dl {

const char* InferCall::name() const { return op->name.c_str(); }
static const Attr& attr_of(const OpDef* op, const Attrs* attrs, const char* name) {
  int i = op->attr_index(name);
  if (i < 0) throw InternalError(op->name + ": its stanza has no attribute '" + name + "', which its rule reads");
  return (*attrs)[size_t(i)];
}
const Attr& InferCall::attr(const char* name) const { return attr_of(op, attrs, name); }
const Attr& DTypeCall::attr(const char* name) const { return attr_of(op, attrs, name); }

Meta meta_of(const Tensor& t) {
  Meta m;
  if (!t) {
    m.given = false;
    return m;
  }
  m.dtype = t->dtype;
  m.weak = t->weak;
  m.shape = t->shape;
  m.strides = t->strides;
  return m;
}

// An output without strides of its own follows the first input of its shape that is dense, so channels-last stays so.
static void default_strides(const Metas& in, Meta& out) {
  if (out.strides.n == out.shape.n && out.shape.n > 0) return;
  for (auto& m : in)
    if (m.given && m.shape == out.shape && m.shape.n > 0 && is_dense(m.shape, m.strides)) {
      bool unit_axes = false;  // sizes of 1 carry arbitrary strides; take the tidy ones then
      for (int64_t s : m.shape) unit_axes |= s <= 1;
      out.strides = unit_axes && is_contiguous(m.shape, m.strides) ? contiguous_strides(m.shape) : m.strides;
      return;
    }
  out.strides = contiguous_strides(out.shape);
}

// Operators say whether they are defined for complex numbers; all others are refused here, before any kernel.
static void refuse_complex(const OpDef& op, const Metas& metas) {
  for (auto& m : metas)
    if (m.given && is_complex(m.dtype))
      throw TypeError(op.name + ": does not take complex numbers, got " + dtype_name(m.dtype) +
                      "; take real, imag or abs first");
}

void infer(const OpDef& op, const Metas& in, const Attrs& attrs, Metas& out, DType* common) {
  if (!op.infer || !op.dtype_rule)
    throw InternalError(op.name + ": no inference rule is called '" + op.infer_rule +
                        "' (composite operators are inferred through their parts)");
  out.assign(size_t(op.n_out < 0 ? 1 : op.n_out), Meta());
  if (!op.takes_complex) refuse_complex(op, in);
  DTypeCall d{&op, in.data(), int(in.size()), &attrs, out};
  op.dtype_rule(d);
  if (!op.takes_complex) refuse_complex(op, out);
  if (common) *common = d.common;
  bool weak = !in.empty() && op.attr_index("dtype") < 0;  // what is made in a dtype is an array, no longer a number
  for (auto& m : in) weak = weak && (!m.given || m.weak);
  InferCall c{&op, in.data(), int(in.size()), &attrs, out};
  op.infer(c);
  for (auto& m : out) {
    m.weak = weak && m.shape.n == 0;
    if (m.view_of < 0) default_strides(in, m);
  }
}

}  // namespace dl
