#include "runtime/trace.h"

#include <atomic>

#include "autograd/tape.h"
#include "runtime/invoke.h"
#include "runtime/random.h"

namespace dl {

static thread_local Tracer* g_tracer = nullptr;
static std::atomic<uint64_t> g_serial{0};

Tracer* active_tracer() { return g_tracer; }

Tracer::Tracer() : serial(++g_serial) {}
Tracer::~Tracer() { stop(); }

void throw_value_needed(const char* what) {
  throw TraceError(std::string(what) +
                   " needs the value of an array, but inside jit or hybridize arrays have only a shape and a dtype");
}

int64_t Tracer::new_value(const Meta& m, int64_t root) {
  values.push_back(m);
  int64_t id = int64_t(values.size()) - 1;
  root_.push_back(root < 0 ? id : root);
  recorded_.push_back(is_recording());
  overwritten_.push_back(false);
  return id;
}

void Tracer::check_not_stale(const char* reader, int64_t value) const {
  if (root_[size_t(value)] != value && overwritten_[size_t(root_[size_t(value)])])
    throw TraceError(
        std::string(reader) +
        ": reads a view (a slice, a reshaped array) of an array that was changed in place after the view was "
        "made; inside a compiled function, take the view again after the change");
}

std::vector<Tensor> Tracer::start(const std::vector<Tensor>& ins, bool inside) {
  if (g_tracer && !inside) throw TraceError("a trace is already running on this thread");
  std::vector<Tensor> stand_ins;
  for (auto& t : ins) {
    Tensor s(new TensorImpl);
    s->dtype = t->dtype;
    s->shape = t->shape;
    s->strides = t->strides;
    s->device = t->device;
    s->trace_owner = serial;
    s->trace_id = new_value(meta_of(t));
    inputs.push_back(s->trace_id);
    stand_ins.push_back(s);
  }
  around_ = g_tracer;
  recording_ = is_recording();
  g_tracer = this;
  active_ = true;
  return stand_ins;
}

void Tracer::stop() {
  if (active_ && g_tracer == this) g_tracer = around_;
  for (Capture& c : captured) {
    if (!active_ || c.current == c.first || is_traced(c.tensor)) continue;
    const auto& now = c.tensor->ag;
    if ((now && now->grad) || (now ? now->node : nullptr) == c.node) continue;
    c.tensor->ag.reset();
    if (c.node) link(c.tensor, c.node, c.index);
  }
  active_ = false;
}

void Tracer::note_sizes_read() {
  for (Tracer* tracer = this; tracer; tracer = tracer->around_) tracer->sizes_read = true;
}

bool Tracer::surrounds(const Tensor& t) const {
  for (const Tracer* other = around_; other; other = other->around_)
    if (other->serial == t->trace_owner) return true;
  return false;
}

static bool same_window(const Tensor& a, const Tensor& b) {
  if (is_traced(a) || is_traced(b)) return a->trace_owner == b->trace_owner && a->trace_id == b->trace_id;
  return a->storage == b->storage && a->offset == b->offset && a->dtype == b->dtype && a->shape == b->shape &&
         a->strides == b->strides;
}

int64_t Tracer::captured_index(const Tensor& t) {
  auto range = by_storage_.equal_range(t->storage.get());
  for (auto it = range.first; it != range.second; ++it)
    if (same_window(captured[it->second].tensor, t)) return int64_t(it->second);
  for (auto it = range.first; it != range.second && !is_traced(t); ++it)
    if (captured[it->second].current != captured[it->second].first)
      throw TraceError("an array of shape " + to_string(captured[it->second].tensor->shape) +
                       " was changed in place inside a compiled function and then read through another view of the "
                       "same memory, of shape " +
                       to_string(t->shape));
  Meta m = meta_of(t);
  m.weak = false;
  int64_t id = new_value(m);
  captured.push_back({t, id, id});
  if (t->ag && t->ag->node) {
    captured.back().node = t->ag->node;
    captured.back().index = t->ag->index;
  }
  by_storage_.emplace(t->storage.get(), captured.size() - 1);
  return int64_t(captured.size()) - 1;
}

int64_t Tracer::value_of(const Tensor& t) {
  if (is_traced(t) && !surrounds(t)) {
    if (t->trace_owner != serial)
      throw TraceError("an array of shape " + to_string(t->shape) +
                       " from a finished trace is used again: a compiled function must return what it wants to keep");
    return t->trace_id;
  }
  if (t->weak && !is_traced(t)) {  // a Python number
    Meta m = meta_of(t);
    int64_t id = new_value(m);
    consts.emplace_back(id, t);
    return id;
  }
  return captured[size_t(captured_index(t))].current;
}

void Tracer::shares(const Tensor& t, const Tensor& with) { root_[size_t(value_of(t))] = root_[size_t(value_of(with))]; }

void Tracer::rebind(const Tensor& dst, int64_t value) {
  values[size_t(value)].weak = false;  // an array keeps its dtype, whatever number was put into it
  if (is_traced(dst) && !surrounds(dst)) {
    int64_t old = value_of(dst);
    if (root_[size_t(old)] != old)
      throw TraceError("a part of an array (a slice, an array reshaped or detached), of shape " +
                       to_string(dst->shape) +
                       ", is changed in place inside a compiled function; use where() or index_put() to make the "
                       "changed array instead");
    overwritten_[size_t(old)] = true;
    dst->trace_id = value;
    return;
  }
  size_t i = size_t(captured_index(dst));
  auto range = by_storage_.equal_range(dst->storage.get());
  for (auto it = range.first; it != range.second && !is_traced(dst); ++it)
    if (it->second != i)
      throw TraceError("an array of shape " + to_string(dst->shape) +
                       " is changed in place inside a compiled function while another view of its memory, of shape " +
                       to_string(captured[it->second].tensor->shape) + ", is in use there");
  overwritten_[size_t(captured[i].current)] = true;
  captured[i].current = value;
  captured[i].recorded |= is_recording();
}

bool Tracer::keeps_record(const Tensor& dst) {
  if (is_recording()) return false;
  if (is_traced(dst) && !surrounds(dst)) return recorded_[size_t(value_of(dst))];
  return captured[size_t(captured_index(dst))].recorded || (recording_ && tracked(dst));
}

void Tracer::mark_recorded(size_t first) {
  for (; first < records.size(); first++) {
    records[first].recording = true;
    for (int64_t id : records[first].out) recorded_[size_t(id)] = true;
  }
}

void Tracer::add(const OpDef& op, const Attrs& attrs, const Tensor* in, int nin, Tensors& out, const Metas& metas) {
  TraceRecord r{&op, {}, {}, attrs, current_scope(), 0, metas.empty() ? -1 : metas[0].view_of, is_recording()};
  Device device;
  for (int i = 0; i < nin; i++) {
    r.in.push_back(in[i] ? value_of(in[i]) : -1);
    if (in[i]) check_not_stale(op.name.c_str(), r.in.back());
    if (in[i] && in[i]->device != Device()) device = in[i]->device;
  }
  for (auto& m : metas) {
    Tensor t(new TensorImpl);
    t->dtype = m.dtype;
    t->weak = m.weak;
    t->shape = m.shape;
    t->strides = m.strides;
    t->device = device;
    t->trace_owner = serial;
    t->trace_id = new_value(m, m.view_of < 0 ? -1 : root_[size_t(r.in[size_t(m.view_of)])]);
    r.out.push_back(t->trace_id);
    out.push_back(t);
  }
  if (op.random) {
    r.rng_offset = rng_blocks;
    rng_blocks += uint64_t(random_blocks(numel(metas[0].shape)));
  }
  records.push_back(std::move(r));
}

void Tracer::add_body(const OpDef& op, std::shared_ptr<void> program, const std::vector<Tensor>& in, Tensors& out,
                      const Metas& metas, uint64_t blocks) {
  Attr held;
  held.kind = Attr::Obj;
  held.obj = std::move(program);
  add(op, {held}, in.data(), int(in.size()), out, metas);
  records.back().rng_offset = rng_blocks;
  rng_blocks += blocks;
}

}  // namespace dl
