// What is asked of a few numbers in one call, where longer arrays take several operators. These answer on the host, so
// they are no operators: bind/counts.cpp calls them.
#pragma once
#include "runtime/registry.h"

namespace dl {

inline constexpr int64_t kFewNumbers = 2048;

// Whether two arrays of one shape and dtype hold the same numbers; equal_nan: NaN are the same. Any number of them.
bool same_numbers(const View& a, const View& b, bool equal_nan);
// The different ones of a few real numbers, in order; all NaN are one, behind the others.
Tensor different_numbers(const View& x);
// The middle one of a few real numbers (at least one), or what lies midway between the two in the middle; NaN if there
// is one. Of float32, or float64 for that dtype.
Tensor middle_number(const View& x);

// Runs a kernel that is Python's (bind/host.cpp) without Python where there are few numbers; else false.
using FewFn = bool (*)(const KernelCall&);
FewFn find_few(const std::string& stem);  // null where there is none

}  // namespace dl
