// Attention of bfloat16 arrays by products of pairs (pairs.h).
#pragma once
#include "runtime/registry.h"

namespace dl {

// What "attention" and its gradient do; false: not for these arrays, or not on this processor. `dropped`: some of the
// weights are dropped, and the input behind the mask says which.
bool attention_pairs(const KernelCall& c, bool dropped);
bool attention_grad_pairs(const KernelCall& c, bool dropped);

}  // namespace dl
