// Mixed precision: while it is on, invoke() brings the float32 operands of the operators on one list to a 16-bit dtype,
// and the 16-bit operands of those on another to float32. Which operators those are is said by dlcore.amp.
#pragma once
#include <vector>

#include "runtime/registry.h"
#include "tensor/tensor.h"

namespace dl {

// Numbers of operators; what stands on neither list takes its operands as they come.
void set_autocast_lists(const std::vector<int>& narrow, const std::vector<int>& wide);

constexpr int kAutocastOff = -1, kAutocastDefault = -2;
// The 16-bit dtype on this thread, kAutocastOff, or kAutocastDefault: what set_autocast_default said for all threads.
// Both return what was set before.
int set_autocast(int dtype);
int set_autocast_default(int dtype);
int autocast_dtype();  // what holds here: a dtype or kAutocastOff

bool autocast_changes(const OpDef& op);  // it is on, and the operator is on a list
// The operands in the dtype that the operator's list says. Parameters are brought there once until the tape is walked.
Tensors autocast_operands(const OpDef& op, const Tensor* in, int nin);
void forget_casts();

// Off within a scope: inside an operator whose operands were brought to their dtype, and while walking the tape, whose
// operators take what the forward pass kept.
class AutocastPause {
 public:
  AutocastPause();
  ~AutocastPause();
  AutocastPause(const AutocastPause&) = delete;
  AutocastPause& operator=(const AutocastPause&) = delete;

 private:
  int before_;
};

}  // namespace dl
