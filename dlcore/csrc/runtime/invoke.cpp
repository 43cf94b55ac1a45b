#include "runtime/invoke.h"

#include <algorithm>

#include "autograd/anomaly.h"
#include "autograd/tape.h"
#include "kernels/cpu/index.h"
#include "kernels/cpu/views.h"
#include "runtime/autocast.h"
#include "runtime/device.h"
#include "runtime/random.h"
#include "runtime/trace.h"
#include "tensor/fault.h"

namespace dl {

// ---- kernels -------------------------------------------------------------------------------------------------------

// Work on so few elements is done before another thread would have taken the lock over.
constexpr int64_t kKeepGil = 4096;

static void run_kernel(const OpDef& op, const Tensors& in, const Tensors& out, const Attrs& attrs) {
  RngState rng{0, 0};
  if (op.random) rng = reserve_random(out[0]->numel());
  Device device = out.empty() ? Device() : out[0]->device;
  if (device.type != 0)
    return backend(device.type)
        .invoke(op, {in.begin(), in.end()}, {out.begin(), out.end()}, attrs, rng.seed, rng.counter);
  if (!op.kernel) throw InternalError(op.name + ": no CPU kernel is called '" + op.kernel_stem + "'");
  View few[16];
  std::vector<View> many;
  View* pin = few;
  if (in.size() + out.size() > 16) {
    many.resize(in.size() + out.size());
    pin = many.data();
  }
  View* vout = pin + in.size();
  for (size_t i = 0; i < in.size(); i++) pin[i] = in[i] ? in[i]->view() : View{nullptr, DType::F32, {}, {}};
  for (size_t i = 0; i < out.size(); i++) vout[i] = out[i]->view();
  KernelCall c{&op, pin, int(in.size()), vout, int(out.size()), &attrs, rng.seed, rng.counter, nullptr};
  int64_t elements = 0;
  for (size_t i = 0; i < in.size() + out.size(); i++) elements += pin[i].data ? pin[i].numel() : 0;
  if (elements <= kKeepGil) return op.kernel(c);
  WithoutGil nogil;
  op.kernel(c);
}

// Numbers (0-d arrays on the CPU: Python scalars, learning rates) go wherever the other arrays are.
static Device device_of(const OpDef& op, const Tensors& in) {
  Device d;
  const Tensor* first = nullptr;
  for (auto& t : in) {
    if (!t) continue;
    if (t->ndim() == 0 && t->device.type == 0) {
      if (!first && t->device.index) d = t->device;
      continue;
    }
    if (!first) {
      first = &t;
      d = t->device;
    } else if (t->device != d) {
      throw ValueError(op.name + ": arrays are on different devices, " + to_string(d) + " and " + to_string(t->device) +
                       "; move one with as_in_context");
    }
  }
  return d;
}

static Tensor to_device_scalar(const Tensor& t, Device device) {
  Tensor r = make_tensor(t->shape, t->dtype, device);
  backend(device.type).copy(r, t);
  r->weak = t->weak;
  return r;
}

static Tensor cast_to(const Tensor& t, DType dtype) {
  static const OpDef* op = &get_op("cast");
  Attrs a(op->attrs.size());
  a[size_t(op->attr_index("dtype"))] = Attr::of_dtype(dtype);
  return invoke(*op, &t, 1, a)[0];
}

// A Python number in the dtype it is computed in; exact for 64-bit integers.
static Tensor retype_scalar(const Tensor& t, DType dtype) {
  if (is_complex(t->dtype)) return make_scalar(complex_value(t), dtype, true);
  return t->dtype == DType::I64 ? make_scalar(*static_cast<const int64_t*>(t->data()), dtype, true)
                                : make_scalar(scalar_value(t), dtype, true);
}

static int64_t whole_value(const Tensor& t) { return *static_cast<const int64_t*>(t->data()); }

// A Python whole number beside an array whose dtype cannot hold it.
static bool too_large(const Tensor& t, DType dtype) {
  return t->weak && !is_traced(t) && t->dtype == DType::I64 && is_int(dtype) && !holds(dtype, whole_value(t));
}

[[noreturn]] static void throw_too_large(const char* where, int64_t v, DType dtype) {
  throw ValueError(format("%s: the number %lld does not fit into %s; cast the array to a wider dtype first", where,
                          (long long)v, dtype_name(dtype)));
}

static Tensors write_targets(const Tensors& results, const Tensor* targets) {
  for (size_t i = 0; i < results.size(); i++) assign(targets[i], results[i]);
  return Tensors(targets, targets + results.size());
}

static void check_arity(const OpDef& op, int nin) {
  bool variadic = !op.inputs.empty() && op.inputs.back().variadic;
  if (variadic ? nin < int(op.inputs.size()) - 1 : nin != int(op.inputs.size()))
    throw TypeError(op.name + ": takes " + std::to_string(op.inputs.size()) + " arrays, got " + std::to_string(nin));
}

static void check_given(const OpDef& op, const Tensor* in, int nin) {
  for (int i = 0; i < nin; i++)
    if (const InputSpec& s = op.inputs[std::min(size_t(i), op.inputs.size() - 1)]; !in[i] && !s.optional)
      throw TypeError(op.name + ": argument '" + s.name + "' is missing, expected an array");
}

// Results may go straight into `targets` when they fit exactly and the kernel allows its output to be its input.
static bool fits(const OpDef& op, const Tensors& args, const Metas& out, const Tensor* targets) {
  if (!op.inplace_ok) return false;
  for (const Tensor& t : args)  // what is read must not be written first: only the very same window may be
    for (size_t i = 0; t && i < out.size(); i++)
      if (overlap(t->view(), targets[i]->view()) && !same_window(t->view(), targets[i]->view())) return false;
  for (size_t i = 0; i < out.size(); i++)
    if (out[i].view_of >= 0 || out[i].shape != targets[i]->shape || out[i].dtype != targets[i]->dtype ||
        out[i].strides != targets[i]->strides || targets[i]->storage->readonly)
      return false;
  return true;
}

// Whether a write into `targets` has to be recorded, or be known to what is.
static bool concerns_tape(const Tensors& args, const Tensor* targets, size_t n) {
  auto concerns = [](const Tensor& t) { return t && tracked(t); };
  auto stale = [](const Tensor& t) { return t && t->storage && t->taped_writes != t->storage->taped_writes; };
  if (!is_recording()) return false;
  return std::any_of(args.begin(), args.end(), [&](const Tensor& t) { return concerns(t) || stale(t); }) ||
         std::any_of(targets, targets + n, [&](const Tensor& t) { return concerns(t) || written_behind(t); });
}

// A composite is its parts; one with a gradient of its own is recorded as a single node.
static Tensors run_definition(const OpDef& op, const Tensor* in, int nin, const Attrs& attrs, bool taped) {
  if (op.infer && !op.kernel) {  // it refuses attributes that its parts would take
    Metas none;
    InferCall call{&op, nullptr, 0, &attrs, none};
    op.infer(call);
  }
  ProgramEnv env{&op, &attrs, Tensors(in, in + nin), {}, {}};
  if (!op.grad || !taped) return run_program(*op.define, env, ~uint64_t(0));
  Tracer* tracer = active_tracer();
  size_t first = tracer ? tracer->records.size() : 0;
  set_recording(false);
  Tensors results;
  try {
    results = run_program(*op.define, env, ~uint64_t(0));
  } catch (...) {
    set_recording(true);
    throw;
  }
  set_recording(true);
  // A graph holds the parts, and takes its gradients through them.
  if (tracer) tracer->mark_recorded(first);
  record(op, attrs, in, nin, results.data(), int(results.size()));
  return results;
}

// Numbers become arrays of the dtype that is computed in, on the device; arrays are cast if the operator asks for it.
static void fit(const OpDef& op, Tensors& args, DType common, const Metas& made, Device device) {
  for (Tensor& t : args) {
    if (!t) continue;
    if (op.kernel_stem.compare(0, 4, "full") == 0 && too_large(t, made[0].dtype))
      throw_too_large(op.name.c_str(), whole_value(t), made[0].dtype);
    if ((op.cast_inputs || op.tile) && too_large(t, common)) {
      // A comparison has its answer all the same: computed in 64 bits, as with an array of that number.
      if (!op.tile || made[0].dtype != DType::Bool || (active_tracer() && itemsize(common) > 2))
        throw_too_large(op.name.c_str(), whole_value(t), common);
      if (!active_tracer()) t = make_scalar(whole_value(t), DType::I64, false);
    } else if (t->weak && !is_traced(t) && t->dtype != common && (op.cast_inputs || op.tile))
      t = retype_scalar(t, common);
    else if (op.cast_inputs && t->dtype != common)
      t = cast_to(t, common);
    if (device.type != 0 && t->device.type == 0 && !is_traced(t)) t = to_device_scalar(t, device);
  }
}

// Views of the arguments, or new arrays that the kernel has filled.
static Tensors computed(const OpDef& op, const Tensors& args, const Attrs& attrs, const Metas& metas, Device device) {
  Tensors out;
  bool all_views = true;
  for (auto& m : metas) {
    if (m.view_of >= 0) {
      out.push_back(make_view(args[size_t(m.view_of)], m.shape, m.strides, m.offset));
    } else {
      all_views = false;
      out.push_back(make_tensor(m.shape, m.strides, m.dtype, device));
    }
    out.back()->weak = m.weak;
  }
  if (!all_views) run_kernel(op, args, out, attrs);
  return out;
}

// Whole numbers have no negative powers. Those that a trace has yet to be given are not known.
static void check_powers(const OpDef& op, const Tensors& args, DType made) {
  static const int power = get_op("power").id;
  if (op.id != power || !is_int(made)) return;
  const Tensor& b = args[1];
  if ((active_tracer() && !b->weak) || b->dtype == DType::U64 || b->numel() == 0) return;
  Tensor host = b;
  if (b->device.type != 0) {
    host = make_tensor(b->shape, b->dtype);
    assign(host, b);
  }
  Temp kept;
  const int64_t* all = as_contiguous(host->view(), DType::I64, kept).ptr<const int64_t>();
  int64_t least = *std::min_element(all, all + b->numel());
  if (least < 0)
    throw ValueError("power: expected whole numbers to powers of at least 0, got " + std::to_string(least) +
                     " in b of shape " + to_string(b->shape) + " for a of shape " + to_string(args[0]->shape) +
                     "; cast to float first");
}

static Tensors invoke_inner(const OpDef& op, const Tensor* in, int nin, const Attrs& attrs, const Tensor* targets) {
  check_arity(op, nin);
  check_given(op, in, nin);
  if (!op.complex_twin.empty())
    for (int i = 0; i < nin; i++)
      if (in[i] && is_complex(in[i]->dtype)) return invoke_inner(get_op(op.complex_twin), in, nin, attrs, targets);
  if (op.define) {
    bool taped = false;
    for (int i = 0; i < nin; i++) taped |= is_recording() && tracked(in[i]);
    if (!op.kernel || (taped && !op.grad)) {
      auto results = run_definition(op, in, nin, attrs, taped);
      return targets ? write_targets(results, targets) : results;
    }
  }
  Tensors args(in, in + nin);
  Metas metas, out_metas;
  for (auto& t : args) metas.push_back(meta_of(t));
  DType common = DType::F32;
  infer(op, metas, attrs, out_metas, &common);
  check_powers(op, args, out_metas[0].dtype);

  Device device = device_of(op, args);
  if (int k = op.attr_index("device"); k >= 0 && attrs[size_t(k)].kind == Attr::Str)
    device = parse_device(attrs[size_t(k)].s);
  fit(op, args, common, out_metas, device);

  Tensors out;
  if (Tracer* tracer = active_tracer()) {
    for (auto& m : out_metas)  // where no memory is asked for, nobody else would say so
      for (int64_t v : m.shape)
        if (v < 0) throw ValueError("negative size in shape " + to_string(m.shape));
    tracer->add(op, attrs, args.data(), nin, out, out_metas);
    if (is_recording()) record(op, attrs, args.data(), nin, out.data(), int(out.size()));
    return targets ? write_targets(out, targets) : out;
  }
  for (auto& t : args)
    if (t && is_traced(t))
      throw TraceError(op.name +
                       ": got an array from a finished trace; a compiled function must return what it wants to keep");

  if (targets && fits(op, args, out_metas, targets) && !concerns_tape(args, targets, out_metas.size())) {
    out.append(targets, targets + out_metas.size());
    run_kernel(op, args, out, attrs);
    for (auto& t : out) note_write(t->storage);
    return out;
  }
  out = computed(op, args, attrs, out_metas, device);
  if (is_recording()) record(op, attrs, args.data(), nin, out.data(), int(out.size()));
  return targets ? write_targets(out, targets) : out;
}

// "of (2, 3) and (3,) in layer net.0", for anomaly mode.
static std::string shapes_of(const Tensor* in, int nin) {
  std::string text, scope = current_scope();
  for (int i = 0; i < nin; i++)
    if (in[i]) text += (text.empty() ? "of " : " and ") + to_string(in[i]->shape);
  return scope.empty() ? text : text + " in layer " + scope;
}

Tensors invoke(const OpDef& op, const Tensor* in, int nin, const Attrs& attrs, const Tensor* targets) {
  return telling(op, in, nin, [&] {
    if (autocast_changes(op)) {
      Tensors fitted = autocast_operands(op, in, nin);
      AutocastPause inside;
      return invoke(op, fitted.data(), nin, attrs, targets);
    }
    if (op.elementwise && !targets && nin <= 2) {
      const Tensor* each[2] = {in, in + nin - 1};
      Tensor out;
      if (invoke_quick(op, each, nin, out)) return Tensors{std::move(out)};
    }
    if (anomaly_mode() && nin > 0) {  // looked at before it is written over what it was made of
      auto out = invoke_inner(op, in, nin, attrs, nullptr);
      check_values(in, nin, out.data(), int(out.size()), [&] { return op.name + " " + shapes_of(in, nin); }, user_line);
      return targets ? write_targets(out, targets) : out;
    }
    return invoke_inner(op, in, nin, attrs, targets);
  });
}

Tensor invoke_first(const OpDef& op, const Tensor* const* in, int nin, const Attrs& attrs) {
  Tensor out;
  if (op.elementwise && !autocast_changes(op) && invoke_quick(op, in, nin, out)) return out;
  Tensors all;
  for (int i = 0; i < nin; i++) all.push_back(*in[i]);
  return std::move(invoke(op, all.data(), nin, attrs)[0]);
}

Tensor invoke1(const char* name, std::initializer_list<Tensor> in, Attrs attrs) {
  const OpDef& op = get_op(name);
  for (size_t i = attrs.size(); i < op.attrs.size(); i++) attrs.push_back(op.attrs[i].def);
  return invoke(op, in.begin(), int(in.size()), attrs)[0];
}

// ---- in-place writes -----------------------------------------------------------------------------------------------

static Tensor broadcast_to(const Tensor& t, const Shape& shape) {
  if (t->shape == shape) return t;
  Shape joint = broadcast_shapes(t->shape, shape, "assignment");
  if (joint != shape)
    throw ValueError("assignment: a value of shape " + to_string(t->shape) + " does not fit into an array of shape " +
                     to_string(shape));
  return invoke1("broadcast_to", {t}, {Attr::of_ints(shape)});
}

// A Python number in every place of an array like this one: what a view of the number shows has the number's dtype.
static Tensor filled(const Tensor& number, const Tensor& like) {
  Attr device;
  device.kind = Attr::Str;
  device.s = to_string(like->device);
  return invoke1("full", {retype_scalar(number, like->dtype)},
                 {Attr::of_ints(like->shape), Attr::of_dtype(like->dtype), device});
}

// broadcast_to repeats elements without copying them: one write would change several.
static bool repeats(const Tensor& t) {
  bool found = false;
  for (int k = 0; k < t->shape.n; k++) {
    if (t->shape[k] == 0) return false;
    found |= t->shape[k] > 1 && t->strides[k] == 0;
  }
  return found;
}

void assign(const Tensor& dst, const Tensor& src) {
  if (dst->storage && dst->storage->readonly)
    throw ValueError("assignment: this array of shape " + to_string(dst->shape) + " is read-only");
  if (dst->storage && repeats(dst))
    throw ValueError("assignment: an array of shape " + to_string(dst->shape) +
                     " from broadcast_to holds each number once and shows it several times; write to a copy() of it");
  if (is_complex(src->dtype) && !is_complex(dst->dtype) && dst->dtype != DType::Bool)
    throw TypeError(std::string("assignment: ") + dtype_name(src->dtype) + " into " + dtype_name(dst->dtype) +
                    " would drop the imaginary part; take real, imag or abs first");
  if (too_large(src, dst->dtype)) throw_too_large("assignment", whole_value(src), dst->dtype);
  bool taped = is_recording() && (tracked(dst) || tracked(src));
  if (taped) check_writable(dst);
  if (is_recording()) check_fresh(src, "assignment");
  if (!taped && written_behind(dst)) {  // others must learn that their record is out of date
    check_fresh(dst, "assignment");
    dst->taped_writes = ++dst->storage->taped_writes;
  }
  if (active_tracer() || taped) {
    if (taped) check_fresh(dst, "assignment");
    bool number = src->weak && !is_traced(src);
    Tensor value = number && active_tracer() ? filled(src, dst) : broadcast_to(src, dst->shape);
    if (value->dtype != dst->dtype) value = number ? retype_scalar(value, dst->dtype) : cast_to(value, dst->dtype);
    // A value of its own: views of src and views of dst must not be taken for each other, and a variable has no record.
    bool own = active_tracer() || value->storage == dst->storage || (tracked(value) && !value->ag->node);
    if (own) value = invoke1("copy", {value});
    if (Tracer* tracer = active_tracer()) {
      if (tracer->keeps_record(dst)) {  // as outside of a trace
        value = invoke1("_overwritten", {dst, value});
        tracer->mark_recorded(tracer->records.size() - 1);
      }
      tracer->rebind(dst, tracer->value_of(value));
    }
    if (taped) {  // dst becomes the new value for what is recorded after this
      if (!active_tracer()) {
        struct Unrecorded {
          bool before = set_recording(false);
          ~Unrecorded() { set_recording(before); }
        } unrecorded;
        assign(dst, value);
      }
      took_value(dst, value);
    }
    return;
  }
  if (is_traced(dst) || is_traced(src))
    throw TraceError("assignment: an array of shape " + to_string((is_traced(dst) ? dst : src)->shape) +
                     " from a finished trace is used again");
  if (dst->device != src->device && (dst->device.type || src->device.type)) {  // CPU devices share one memory
    Tensor value = broadcast_to(src, dst->shape);
    if (value->dtype != dst->dtype) value = cast_to(value, dst->dtype);
    int type = dst->device.type ? dst->device.type : src->device.type;
    backend(type).copy(dst, value);
  } else {
    Tensor value = broadcast_to(src, dst->shape);
    static const OpDef* copy = &get_op("copy");
    bool overlaps = value->storage == dst->storage && (value->offset != dst->offset || value->strides != dst->strides);
    if (overlaps) value = invoke(*copy, &value, 1, {})[0];
    run_kernel(*copy, {value}, {dst}, {});
  }
  note_write(dst->storage);
}

}  // namespace dl
