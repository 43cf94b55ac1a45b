// Undoing of DEFLATE (RFC 1951) in its zlib wrapper (RFC 1950), for small pictures: into memory whose size is known.
#pragma once
#include <cstddef>
#include <cstdint>

namespace dl {

// Exactly `n` bytes out of `size` bytes. False, with dst filled anyhow, for a stream that is damaged, has another
// length or a wrong sum, or is written in a way that no usual program writes.
bool inflate_zlib(const uint8_t* src, size_t size, uint8_t* dst, size_t n);

}  // namespace dl
