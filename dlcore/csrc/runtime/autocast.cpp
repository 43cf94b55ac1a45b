#include "runtime/autocast.h"

#include <atomic>
#include <unordered_map>
#include <utility>

#include "autograd/tape.h"
#include "runtime/invoke.h"
#include "runtime/trace.h"

namespace dl {

namespace {

enum class Side : uint8_t { Neither, Narrow, Wide };
using Sides = std::vector<Side>;  // by operator number

// Replaced as a whole: a thread that reads the old one may go on, so it is never freed. It changes a few times at most.
std::atomic<const Sides*> g_sides{nullptr};
std::atomic<int> g_default{kAutocastOff};
thread_local int g_here = kAutocastDefault;

struct Cast {
  Tensor source, made;
  uint32_t version;
};
using Casts = std::unordered_map<const TensorImpl*, Cast>;
Casts& casts() {
  thread_local Casts kept;
  return kept;
}

Side side_of(const OpDef& op) {
  const Sides* sides = g_sides.load(std::memory_order_acquire);
  return sides && size_t(op.id) < sides->size() ? (*sides)[size_t(op.id)] : Side::Neither;
}

Tensor cast(const Tensor& t, DType dtype) { return invoke1("cast", {t}, {Attr::of_dtype(dtype)}); }

// A cast outside the recording, or of something that is computed anew each time, would not be met again.
bool worth_keeping(const Tensor& t) {
  return is_recording() && !active_tracer() && t->storage && t->ag && !t->ag->node && t->ag->req != GradReq::Null;
}

Tensor kept_cast(const Tensor& t, DType dtype) {
  if (!worth_keeping(t)) return cast(t, dtype);
  uint32_t version = t->storage->version.load();
  Cast& c = casts()[t.get()];
  if (!c.made || c.version != version || c.made->dtype != dtype) c = {t, cast(t, dtype), version};
  return c.made;
}

}  // namespace

void set_autocast_lists(const std::vector<int>& narrow, const std::vector<int>& wide) {
  auto* made = new Sides(size_t(op_count()), Side::Neither);
  for (int id : narrow) made->at(size_t(id)) = Side::Narrow;
  for (int id : wide) made->at(size_t(id)) = Side::Wide;
  g_sides.store(made, std::memory_order_release);
}

int set_autocast(int dtype) {
  forget_casts();
  return std::exchange(g_here, dtype);
}
int set_autocast_default(int dtype) { return g_default.exchange(dtype); }
int autocast_dtype() { return g_here == kAutocastDefault ? g_default.load(std::memory_order_relaxed) : g_here; }

bool autocast_changes(const OpDef& op) { return autocast_dtype() >= 0 && side_of(op) != Side::Neither; }

Tensors autocast_operands(const OpDef& op, const Tensor* in, int nin) {
  DType narrow = DType(autocast_dtype());
  bool wide = side_of(op) == Side::Wide;
  Tensors out(in, in + nin);
  for (Tensor& t : out) {
    if (!t || t->weak) continue;
    if (wide ? t->dtype == DType::F16 || t->dtype == DType::BF16 : t->dtype == DType::F32)
      t = wide ? cast(t, DType::F32) : kept_cast(t, narrow);
  }
  return out;
}

void forget_casts() { casts().clear(); }

AutocastPause::AutocastPause() : before_(std::exchange(g_here, kAutocastOff)) {}
AutocastPause::~AutocastPause() { g_here = before_; }

}  // namespace dl
