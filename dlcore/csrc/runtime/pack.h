// Offsets for buffers with known sizes and lifetimes, so that those alive at the same time lie apart.
#pragma once
#include <cstdint>
#include <vector>

namespace dl {

struct Span {
  int64_t bytes, first, last;  // the instructions from which and to which it is alive
};

// An offset for each span; returns the bytes needed in all.
int64_t pack(const std::vector<Span>& spans, std::vector<int64_t>& offsets);

}  // namespace dl
