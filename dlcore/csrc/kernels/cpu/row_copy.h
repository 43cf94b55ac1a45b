// Rows that a kernel's own loops put together, of bytes that do not change: past the caches where all of them are too
// many for these and each is long enough, or whole lines of the cache.
#pragma once
#include <algorithm>
#include <cstring>

#include "kernels/cpu/isa/stream.h"

namespace dl {

class RowCopy {
 public:
  // `all` bytes to `dst`, in rows of about `row` bytes.
  RowCopy(const void* dst, int64_t all, int64_t row)
      : table_(pick_stream_table()),
        far_(all >= stream_bytes() && (row >= 1024 || (row | int64_t(reinterpret_cast<uintptr_t>(dst))) % 64 == 0)),
        copy_(far_ ? table_->copy : table_->through) {}

  void operator()(int64_t bytes, const void* src, void* dst) const { copy_(bytes, src, dst); }

  void zeros(int64_t bytes, char* dst) const {
    alignas(64) static const char kZeros[4096] = {};
    if (!far_) {
      std::memset(dst, 0, size_t(bytes));
      return;
    }
    for (int64_t i = 0; i < bytes; i += int64_t(sizeof kZeros))
      copy_(std::min(bytes - i, int64_t(sizeof kZeros)), kZeros, dst + i);
  }

  // A thread calls it after its last row, before others may read.
  void finish() const {
    if (far_) table_->finish();
  }

 private:
  const StreamTable* table_;
  bool far_;
  void (*copy_)(int64_t bytes, const void* src, void* dst);
};

}  // namespace dl
