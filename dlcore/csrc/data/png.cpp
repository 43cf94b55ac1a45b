#include "data/png.h"

#include <cstdlib>
#include <cstring>

#include "data/inflate.h"

namespace dl {
namespace {

constexpr size_t kHeadSize = 8 + 25;  // the signature and the first chunk

uint32_t word(const uint8_t* p) { return uint32_t(p[0]) << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

uint32_t checksum(const uint8_t* p, size_t n) {
  uint32_t sum = ~0u;
  for (size_t i = 0; i < n; i++) {
    sum ^= p[i];
    for (int k = 0; k < 8; k++) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
  }
  return ~sum;
}

// The chunks with the picture's bytes, one after the other: in place where there is one, else in `joined`.
bool find_data(const uint8_t* src, size_t size, std::vector<uint8_t>& joined, const uint8_t*& data, size_t& length) {
  size_t found = 0;
  joined.clear();
  for (size_t at = kHeadSize; size - at >= 12;) {
    const uint8_t *chunk = src + at, *kind = chunk + 4;
    size_t n = word(chunk);
    if (n > size - at - 12) return false;
    if (std::memcmp(kind, "IDAT", 4) == 0) {
      if (found == 1) joined.assign(data, data + length);
      if (found++ == 0)
        data = chunk + 8, length = n;
      else
        joined.insert(joined.end(), chunk + 8, chunk + 8 + n);
    } else if (std::memcmp(kind, "IEND", 4) == 0) {
      if (found > 1) data = joined.data(), length = joined.size();
      return found > 0;
    } else if (!(kind[0] & 32) || std::memcmp(kind, "tRNS", 4) == 0) {
      return false;  // a palette, transparency, something that must be known
    }
    at += n + 12;
  }
  return false;
}

inline uint8_t nearest(int a, int b, int c) {  // Paeth's predictor
  int p = a + b - c, pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
  return uint8_t(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

// Undoes what a row was written as; `up` is the row above, zeros for the first.
template <int C>
bool undo(int kind, int64_t n, const uint8_t* src, const uint8_t* up, uint8_t* dst) {
  auto left = [&](int64_t i) { return i < C ? 0 : int(dst[i - C]); };
  switch (kind) {
    case 0: std::memcpy(dst, src, size_t(n)); return true;
    case 1:
      for (int64_t i = 0; i < n; i++) dst[i] = uint8_t(src[i] + left(i));
      return true;
    case 2:
      for (int64_t i = 0; i < n; i++) dst[i] = uint8_t(src[i] + up[i]);
      return true;
    case 3:
      for (int64_t i = 0; i < n; i++) dst[i] = uint8_t(src[i] + (left(i) + up[i]) / 2);
      return true;
    case 4:
      for (int64_t i = 0; i < n; i++) dst[i] = uint8_t(src[i] + nearest(left(i), up[i], i < C ? 0 : up[i - C]));
      return true;
    default: return false;
  }
}

}  // namespace

bool read_png_head(const uint8_t* src, size_t size, PngHead& head) {
  static constexpr uint8_t begin[16] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
  if (size < kHeadSize || std::memcmp(src, begin, 16) != 0) return false;
  uint32_t w = word(src + 16), h = word(src + 20);
  const uint8_t* rest = src + 24;  // bits, colours, compression, filter, interlacing
  bool plain = rest[0] == 8 && (rest[1] == 0 || rest[1] == 2) && !rest[2] && !rest[3] && !rest[4];
  if (!plain || !w || !h || uint64_t(w) * h > uint64_t(1) << 28 || checksum(src + 12, 17) != word(src + 29))
    return false;
  head.h = h, head.w = w, head.c = rest[1] ? 3 : 1;
  return true;
}

bool read_png(const uint8_t* src, size_t size, const PngHead& head, int channels, uint8_t* dst,
              std::vector<uint8_t>& scratch) {
  if (channels != head.c && !(channels == 3 && head.c == 1)) return false;
  thread_local std::vector<uint8_t> joined, rows;
  const uint8_t* data = nullptr;
  size_t length = 0;
  if (!find_data(src, size, joined, data, length)) return false;
  int64_t line = head.w * head.c;
  scratch.resize(size_t(head.h * (line + 1)));
  if (!inflate_zlib(data, length, scratch.data(), scratch.size())) return false;
  bool direct = channels == head.c;
  rows.assign(size_t(direct ? line : line * (head.h + 1)), 0);  // what is above the first row
  const uint8_t* up = rows.data();
  uint8_t* to = direct ? dst : rows.data() + line;
  for (int64_t y = 0; y < head.h; y++, up = to, to += line) {
    const uint8_t* from = scratch.data() + y * (line + 1);
    bool right = head.c == 1 ? undo<1>(from[0], line, from + 1, up, to) : undo<3>(from[0], line, from + 1, up, to);
    if (!right) return false;
  }
  if (!direct)
    for (int64_t i = 0; i < head.h * head.w; i++) dst[3 * i] = dst[3 * i + 1] = dst[3 * i + 2] = rows[size_t(line + i)];
  return true;
}

}  // namespace dl
