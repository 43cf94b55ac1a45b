// Writing past the caches: for results so large that they would have left the caches before anybody reads them. The
// memory that is written over is then not read first.
#pragma once
#include <cstdint>

#include "kernels/cpu/isa/isa.h"

namespace dl {

inline constexpr int kMostAsks = 8;
struct Ask {  // memory that will be read soon
  const char* at;
  int64_t bytes;
};

struct StreamTable {
  void (*copy)(int64_t bytes, const void* src, void* dst);  // the two must not overlap
  // The same for what has just been made in the cache. In between it asks for the lines that the next call is made of,
  // at kMostAsks places at most.
  void (*send)(int64_t bytes, const void* made, void* dst, const Ask* asks, int n_asks);
  void (*finish)();  // a thread calls it after its last copy, before others may read
  void (*through)(int64_t bytes, const void* src,
                  void* dst);  // through the caches, for rows: shorter than memcpy's way
  void (*rows)(int64_t count, int64_t bytes, const void* src, int64_t src_step, void* dst, int64_t dst_step);  // so too
};
DL_ISA_TABLE(StreamTable, stream_table)

// Results of so many bytes and more are written past the caches: as many as the cache that all cores share has.
int64_t stream_bytes();
void set_stream_bytes(int64_t n);  // for tests, which then need no large arrays

}  // namespace dl
