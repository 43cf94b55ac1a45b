// Nested lists of Python's numbers as arrays, and arrays as nested lists.
#pragma once
#include "bind/convert.h"

namespace dl::bind {

void bind_lists(nb::module_& m);

}  // namespace dl::bind
