// Tells the trace of this thread that Python asked for the size of an array.
#pragma once
#include "bind/convert.h"

namespace dl::bind {

void note_sizes(const Tensor& t);
void bind_sizes(nb::module_& m);

}  // namespace dl::bind
