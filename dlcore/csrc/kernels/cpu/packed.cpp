#include "kernels/cpu/packed.h"

namespace dl {

SlotCall::SlotCall(const KernelCall& c) : call(c) {
  if (!c.state) return;
  if (!*c.state) *c.state = std::make_shared<Slot>();
  slot = static_cast<Slot*>(c.state->get());
  call.state = &slot->plan;
}

}  // namespace dl
