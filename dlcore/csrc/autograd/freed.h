// What a walk does at a part of the recording that an earlier backward() freed.
#pragma once
#include <functional>

namespace dl {

// Empty: an error. Else it is called, and the part is a constant, as in MXNet; bind/ sets it for old programs.
extern std::function<void()> pass_over_freed;

}  // namespace dl
