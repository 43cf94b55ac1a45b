// The front of invoke(): elementwise operators on CPU arrays of one layout, and numbers, which is most of what programs
// call. What the dtype rule says of two dtypes is asked once and remembered; shapes need no rule when they are equal.
#include "autograd/anomaly.h"
#include "autograd/tape.h"
#include "kernels/cpu/tile.h"
#include "runtime/device.h"
#include "runtime/invoke.h"
#include "runtime/trace.h"

namespace dl {

namespace {

// Below this the work is over before another thread would have taken Python's lock.
constexpr int64_t kKeepGil = 4096;

// ---- dtypes --------------------------------------------------------------------------------------------------------

struct Answer {
  bool ok = false;            // the rule takes these dtypes
  DType out = DType::F32;     // of the result
  DType common = DType::F32;  // that numbers are brought to
};

constexpr uint32_t kAsked = 1, kOk = 2;
constexpr int kKinds = 2 * kNumDTypes + 1;  // an array's dtype, that of a Python number, and no input

int kind_of(const TensorImpl& t) { return int(t.dtype) + (t.weak ? kNumDTypes : 0); }

std::atomic<uint32_t>* answers_of(const OpDef& op) {
  auto* table = op.answers.load(std::memory_order_acquire);
  if (table) return table;
  auto* made = new std::atomic<uint32_t>[kKinds * kKinds]();
  if (op.answers.compare_exchange_strong(table, made)) return made;
  delete[] made;
  return table;
}

Answer ask(const OpDef& op, const Tensor* const* in, int nin, std::atomic<uint32_t>& slot) {
  Metas metas, out;
  for (int i = 0; i < nin; i++) {
    Meta& m = metas.emplace_back();
    m.dtype = (*in[i])->dtype;
    m.weak = (*in[i])->weak;
  }
  Answer a;
  try {
    infer(op, metas, {}, out, &a.common);
    a.out = out[0].dtype;
    a.ok =
        !is_complex(a.common) && !is_complex(a.out) && !(op.name == "power" && is_int(a.out));  // powers are looked at
  } catch (const Error&) {
    a.ok = false;  // the long way says why
  }
  slot.store(kAsked | (a.ok ? kOk : 0) | uint32_t(a.out) << 8 | uint32_t(a.common) << 16, std::memory_order_release);
  return a;
}

Answer dtypes_of(const OpDef& op, const Tensor* const* in, int nin) {
  int second = nin > 1 ? kind_of(**in[1]) : kKinds - 1;
  std::atomic<uint32_t>& slot = answers_of(op)[kind_of(**in[0]) * kKinds + second];
  uint32_t known = slot.load(std::memory_order_acquire);
  if (!(known & kAsked)) return ask(op, in, nin, slot);
  return {(known & kOk) != 0, DType(known >> 8 & 255), DType(known >> 16 & 255)};
}

// ---- memory --------------------------------------------------------------------------------------------------------

bool plain(const Tensor& t) { return t && t->device == Device() && t->storage; }

// A number: 0-d, to be combined with every element of the other array.
bool number(const TensorImpl& t) { return t.shape.n == 0; }

bool tidy(const TensorImpl& t) {  // contiguous, and with the strides that a new array of its shape has
  int64_t step = 1;
  for (int i = t.shape.n - 1; i >= 0; i--) {
    if (t.strides[i] != step || t.shape[i] == 0) return false;
    step *= t.shape[i];
  }
  return true;
}

// A number in another dtype, in room for any dtype.
struct Number {
  alignas(16) char bytes[16];
  const void* of(const TensorImpl& t, DType dtype) {
    if (t.dtype == DType::I64)
      store_scalar(bytes, dtype, *static_cast<const int64_t*>(t.data()));
    else if (t.dtype == DType::F64)
      store_scalar(bytes, dtype, *static_cast<const double*>(t.data()));
    else
      store_scalar(bytes, dtype, int64_t(*static_cast<const uint8_t*>(t.data())));
    return bytes;
  }
};

bool exact_kind(DType t) { return t == DType::I64 || t == DType::F64 || t == DType::Bool; }

void run_general(const OpDef& op, const View* in, int nin, const Tensor& out) {
  View result = out->view();
  static const Attrs none;
  KernelCall c{&op, in, nin, &result, 1, &none, 0, 0, nullptr};
  if (out->numel() <= kKeepGil) return op.kernel(c);
  WithoutGil nogil;
  op.kernel(c);
}

}  // namespace

bool invoke_quick(const OpDef& op, const Tensor* const* in, int nin, Tensor& out) {
  if (nin != int(op.inputs.size()) || active_tracer() || anomaly_mode()) return false;
  const TensorImpl* t[2] = {nullptr, nullptr};
  for (int i = 0; i < nin; i++) {
    if (!plain(*in[i])) return false;
    t[i] = in[i]->get();
  }
  const TensorImpl* shaped = nin == 2 && number(*t[0]) && (t[0]->weak || !number(*t[1])) ? t[1] : t[0];
  if (shaped->weak || !tidy(*shaped)) return false;
  bool single[2] = {};
  for (int i = 0; i < nin; i++) {
    if (t[i] == shaped) continue;
    single[i] = number(*t[i]);
    if (!single[i] && (t[i]->shape != shaped->shape || t[i]->strides != shaped->strides)) return false;
  }
  Answer dtypes = dtypes_of(op, in, nin);
  if (!dtypes.ok) return false;

  Number made[2];
  const void* data[2] = {nullptr, nullptr};
  DType read[2] = {dtypes.common, dtypes.common};
  for (int i = 0; i < nin; i++) {
    if (t[i]->weak && t[i]->dtype != dtypes.common) {
      if (!exact_kind(t[i]->dtype)) return false;
      if (t[i]->dtype == DType::I64 && is_int(dtypes.common) &&
          !holds(dtypes.common, *static_cast<const int64_t*>(t[i]->data())))
        return false;  // the long way knows what to do
      data[i] = made[i].of(*t[i], dtypes.common);
    } else {
      data[i] = t[i]->data();
      read[i] = t[i]->dtype;
    }
  }
  out = make_tensor(shaped->shape, shaped->strides, dtypes.out);
  int64_t n = out->numel();
  TileType type = tile_type(dtypes.common);
  TileLoop loop = nullptr;
  bool native = register_dtype(type) == dtypes.common && dtypes.out == dtypes.common && read[0] == dtypes.common &&
                read[1] == dtypes.common;
  if (native && n <= kKeepGil) {
    int variant = n == 1 ? 0 : int(single[0]) | int(single[1]) << 1;
    loop = single_loop(*op.tile, type, variant);
  }
  if (loop) {
    loop(n, data[0], data[1], nullptr, out->data());
  } else {
    View views[2];
    for (int i = 0; i < nin; i++) views[i] = View{const_cast<void*>(data[i]), read[i], t[i]->shape, t[i]->strides};
    run_general(op, views, nin, out);
  }
  if (is_recording()) {
    Tensor args[2];
    for (int i = 0; i < nin; i++) args[i] = *in[i];
    record(op, {}, args, nin, &out, 1);
  }
  return true;
}

}  // namespace dl
