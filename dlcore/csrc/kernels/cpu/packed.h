// What an instruction of a compiled program keeps between its runs: a plan, and weights in the layout its kernel wants.
#pragma once
#include "kernels/cpu/views.h"

namespace dl {

struct Packed {
  StorageRef source;  // what it was made from; held, so that its address means this memory and no other
  uint32_t version = 0;
  const void *data = nullptr, *kind = nullptr;
  Temp memory;  // empty until the same contents come a second time: weights in training never do
};

struct Slot {
  std::shared_ptr<void> plan;
  Packed packed;
};

// The call with a slot of its own for the plan; `slot` is null outside compiled programs.
struct SlotCall {
  KernelCall call;
  Slot* slot = nullptr;
  explicit SlotCall(const KernelCall& c);
};

// Whether input i is memory that nobody changes without its version telling.
inline bool is_steady(const KernelCall& c, int i) {
  const Storage* s = c.sources ? c.sources[i] : nullptr;
  return s && !s->shared && !s->release;
}

// `bytes` bytes that make(void* to) fills from input i: those of an earlier run when nothing has changed. `kind` tells
// apart what one instruction may make of it; `keep` holds what is not kept in the slot.
template <class Make>
const void* packed(const SlotCall& s, int i, const void* kind, size_t bytes, Temp& keep, Make&& make) {
  if (s.slot && is_steady(s.call, i)) {
    Packed& p = s.slot->packed;
    Storage* source = s.call.sources[i];
    uint32_t version = source->version.load();
    if (p.source.get() == source && p.version == version && p.data == s.call.in[i].data && p.kind == kind) {
      if (!p.memory) {
        Temp memory(bytes);
        make(memory.data());
        p.memory = std::move(memory);
      }
      return p.memory.data();
    }
    p = Packed{StorageRef(source), version, s.call.in[i].data, kind, Temp()};
  }
  keep = Temp(bytes);
  make(keep.data());
  return keep.data();
}

}  // namespace dl
