// The dtype rules that stanzas name.
#include "runtime/registry.h"

namespace dl {

// Promotion over the inputs that were given; Python scalars give way to arrays of their kind.
static DType common_dtype(const OpDef& op, const Meta* in, int nin, int from = 0) {
  bool have = false, have_weak = false;
  DType strong = DType::F32, weak = DType::Bool;
  for (int i = from; i < nin; i++) {
    if (!in[i].given) continue;
    if (in[i].weak) {
      weak = have_weak ? promote(weak, in[i].dtype) : in[i].dtype;
      have_weak = true;
    } else {
      strong = have ? promote(strong, in[i].dtype) : in[i].dtype;
      have = true;
    }
  }
  (void)op;
  if (have) return have_weak ? promote_weak(strong, weak) : strong;
  if (!have_weak) return DType::F32;
  return is_float(weak) ? DType::F32 : is_complex(weak) ? DType::C64 : weak;
}

static void all_outputs(DTypeCall& c, DType t) {
  for (auto& m : c.out) m.dtype = t;
}

static DType floating_of(DType t) { return is_inexact(t) ? t : DType::F32; }
static DType double_of(DType t) { return is_complex(t) ? DType::C128 : DType::F64; }

// Weak scalars alone stay in double precision, so that 1 / (1 - p) in a rule is not rounded twice.
static bool only_weak(const DTypeCall& c) {
  bool any = false;
  for (int i = 0; i < c.nin; i++)
    if (c.in[i].given) {
      if (!c.in[i].weak) return false;
      any = true;
    }
  return any;
}

static void rule_promote(DTypeCall& c) {
  c.common = common_dtype(*c.op, c.in, c.nin);
  if (only_weak(c) && is_inexact(c.common)) c.common = double_of(c.common);
  all_outputs(c, c.common);
}
// Truth values have neither a negative nor a difference: taken as numbers -true would be true.
static void rule_signed(DTypeCall& c) {
  rule_promote(c);
  if (c.common != DType::Bool) return;
  throw TypeError(c.op->name +
                  (c.nin == 1 ? ": expected numbers, got bool; for the opposite use ~ (logical_not)"
                              : ": expected numbers, got bool; for where they differ use ^ (logical_xor)") +
                  ", or cast to a dtype of numbers first");
}
static void rule_floating(DTypeCall& c) {
  DType t = common_dtype(*c.op, c.in, c.nin);
  c.common = only_weak(c) ? double_of(t) : floating_of(t);
  all_outputs(c, c.common);
}
static void rule_bool_out(DTypeCall& c) {
  c.common = common_dtype(*c.op, c.in, c.nin);
  all_outputs(c, DType::Bool);
}
static DType first_dtype(const DTypeCall& c) {
  if (!c.nin || !c.in[0].given) return DType::F32;
  if (!c.in[0].weak) return c.in[0].dtype;
  return is_float(c.in[0].dtype) ? DType::F32 : is_complex(c.in[0].dtype) ? DType::C64 : c.in[0].dtype;
}
static void rule_same(DTypeCall& c) {
  c.common = first_dtype(c);
  all_outputs(c, c.common);
}
static void rule_sum(DTypeCall& c) {
  DType t = c.in[0].dtype;
  c.common = t;
  if (t == DType::Bool || is_signed_int(t)) t = DType::I64;
  if (is_unsigned_int(t)) t = DType::U64;
  all_outputs(c, t);
}
static void rule_mean(DTypeCall& c) {
  c.common = c.in[0].dtype;
  all_outputs(c, floating_of(c.common));
}
static void rule_wide(DTypeCall& c) {  // single precision of 16-bit floats
  c.common = floating_of(first_dtype(c));
  if (c.common == DType::F16 || c.common == DType::BF16) c.common = DType::F32;
  all_outputs(c, c.common);
}
static void rule_index_out(DTypeCall& c) {
  c.common = c.nin ? c.in[0].dtype : DType::I64;
  all_outputs(c, DType::I64);
}
static void rule_select(DTypeCall& c) {
  if (!c.in[0].weak && c.in[0].dtype != DType::Bool)
    throw TypeError(c.op->name + ": the condition must be bool, got " + dtype_name(c.in[0].dtype));
  c.common = common_dtype(*c.op, c.in, c.nin, 1);
  if (only_weak(c) && is_inexact(c.common)) c.common = double_of(c.common);
  all_outputs(c, c.common);
}
// Numbers that are converted to the dtype of an attribute must not lose their imaginary part on the way.
static void keep_imaginary(const DTypeCall& c) {
  DType to = c.out[0].dtype;
  if (is_complex(to) || to == DType::Bool) return;
  for (int i = 0; i < c.nin; i++)
    if (c.in[i].given && is_complex(c.in[i].dtype) &&
        !c.op->inputs[std::min(size_t(i), c.op->inputs.size() - 1)].shape_only)
      throw TypeError(c.op->name + ": " + dtype_name(c.in[i].dtype) + " to " + dtype_name(to) +
                      " would drop the imaginary part; take real, imag or abs first");
}
static void rule_attr(DTypeCall& c) {
  const Attr& a = c.attr("dtype");
  c.common = c.nin ? c.in[0].dtype : DType::F32;
  all_outputs(c, a.none() ? DType::F32 : a.dtype());
  keep_imaginary(c);
}
// The real dtype that belongs to the input's: lengths, parts, angles.
static void rule_real(DTypeCall& c) {
  c.common = only_weak(c) && is_inexact(c.in[0].dtype) ? double_of(c.in[0].dtype) : first_dtype(c);
  all_outputs(c, real_of(c.common));
}
static void rule_real_floating(DTypeCall& c) {
  c.common = only_weak(c) ? double_of(c.in[0].dtype) : floating_of(c.in[0].dtype);
  all_outputs(c, real_of(c.common));
}
// The complex dtype in which the inputs fit.
static void rule_complex(DTypeCall& c) {
  c.common = only_weak(c) ? DType::C128 : complex_of(common_dtype(*c.op, c.in, c.nin));
  all_outputs(c, c.common);
}
static void rule_attr_or_first(DTypeCall& c) {
  const Attr& a = c.attr("dtype");
  c.common = a.none() ? first_dtype(c) : a.dtype();
  all_outputs(c, c.common);
  keep_imaginary(c);
}
static void rule_like(DTypeCall& c) {  // the dtype of the shape-only input
  for (int i = 0; i < c.nin; i++)
    if (c.op->inputs[std::min(size_t(i), c.op->inputs.size() - 1)].shape_only) {
      c.common = c.in[i].dtype;
      return all_outputs(c, c.common);
    }
  rule_same(c);
}

static void rule_integer(DTypeCall& c) {  // bitwise operators
  c.common = common_dtype(*c.op, c.in, c.nin);
  if (is_inexact(c.common))
    throw TypeError(c.op->name + ": expected integer or bool arrays, got " + dtype_name(c.common));
  all_outputs(c, c.common);
}

static void rule_int_only(DTypeCall& c) {
  rule_integer(c);
  if (c.common == DType::Bool) throw TypeError(c.op->name + ": expected integer arrays, got bool");
}

DL_DTYPE("integer", rule_integer);
DL_DTYPE("int_only", rule_int_only);
DL_DTYPE("real", rule_real);
DL_DTYPE("real_floating", rule_real_floating);
// Real numbers in, complex ones out, and the other way round.
static void rule_to_complex(DTypeCall& c) {
  c.common = floating_of(common_dtype(*c.op, c.in, c.nin));
  if (is_complex(c.common))
    throw TypeError(c.op->name + ": expected real numbers, got " + dtype_name(c.common) + "; take real or imag first");
  all_outputs(c, complex_of(c.common));
}
static void rule_from_complex(DTypeCall& c) {
  c.common = complex_of(common_dtype(*c.op, c.in, c.nin));
  all_outputs(c, real_of(c.common));
}
DL_DTYPE("to_complex", rule_to_complex);
DL_DTYPE("from_complex", rule_from_complex);
DL_DTYPE("complex", rule_complex);
DL_DTYPE("promote", rule_promote);
DL_DTYPE("arith", rule_promote);
DL_DTYPE("signed", rule_signed);
DL_DTYPE("floating", rule_floating);
DL_DTYPE("bool_out", rule_bool_out);
DL_DTYPE("predicate", rule_bool_out);
DL_DTYPE("same", rule_same);
DL_DTYPE("first", rule_same);
DL_DTYPE("like", rule_like);
DL_DTYPE("sum", rule_sum);
DL_DTYPE("mean", rule_mean);
DL_DTYPE("wide", rule_wide);
DL_DTYPE("index_out", rule_index_out);
DL_DTYPE("select", rule_select);
DL_DTYPE("attr", rule_attr);
DL_DTYPE("attr:dtype", rule_attr);
DL_DTYPE("attr_or_first", rule_attr_or_first);

// "update:0,2": output k has the dtype of the k-th input listed (weights and optimizer state keep theirs).
static void rule_update(DTypeCall& c) {
  const std::string& rule = c.op->dtype_name;
  size_t pos = rule.find(':') + 1;
  for (auto& m : c.out) {
    m.dtype = c.in[std::min(c.nin - 1, std::atoi(rule.c_str() + pos))].dtype;
    size_t comma = rule.find(',', pos);
    pos = comma == std::string::npos ? pos : comma + 1;
  }
  c.common = c.in[0].dtype == DType::F64 ? DType::F64 : DType::F32;
}
DL_DTYPE("update", rule_update);

}  // namespace dl
