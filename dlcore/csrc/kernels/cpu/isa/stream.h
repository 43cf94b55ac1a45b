// Writing past the caches: for results so large that they would have left the caches before anybody reads them. The
// memory that is written over is then not read first.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

struct StreamTable {
  void (*copy)(int64_t bytes, const void* src, void* dst);  // the two must not overlap
  void (*finish)();  // a thread calls it after its last copy, before others may read
  void (*through)(int64_t bytes, const void* src,
                  void* dst);  // through the caches, for rows: shorter than memcpy's way
  void (*rows)(int64_t count, int64_t bytes, const void* src, int64_t src_step, void* dst, int64_t dst_step);  // so too
};
DL_ISA_TABLE(StreamTable, stream_table)

// Results of so many bytes and more are written past the caches.
int64_t stream_bytes();

}  // namespace dl
