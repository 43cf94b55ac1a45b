#include "data/inflate.h"

#include <cstring>

namespace dl {
namespace {

constexpr int kMaxBits = 15, kLiteralBits = 9, kDistanceBits = 8;

// Bits are read from the lowest of each byte on. What lies behind the end reads as 0, and is counted.
struct Bits {
  const uint8_t *at, *end;
  uint64_t hold = 0;
  int count = 0;
  int missing = 0;  // bytes behind the end that were put into `hold`

  void fill() {  // at least 56 bits
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (end - at >= 8) {
      uint64_t next;
      std::memcpy(&next, at, 8);
      hold |= next << count;
      at += (63 - count) >> 3;
      count |= 56;
      return;
    }
#endif
    for (; count <= 56; count += 8) {
      if (at < end)
        hold |= uint64_t(*at++) << count;
      else
        missing++;
    }
  }
  uint32_t take(int n) {
    uint32_t v = uint32_t(hold & ((uint64_t(1) << n) - 1));
    drop(n);
    return v;
  }
  void drop(int n) { hold >>= n, count -= n; }
  bool past_end() const { return missing * 8 > count; }
};

// What the next bits mean: drop `bits` of them, then `kind` says what `value` is.
struct Entry {
  enum : uint8_t { Literal = 64, End = 65, Bad = 66, Further = 128 };  // below 64: a base and how many bits to add
  uint16_t value;
  uint8_t bits, kind;  // Further + n: look at `value` plus the next n bits
};

struct Decoder {
  Entry literal[(1 << kLiteralBits) + (143 << (kMaxBits - kLiteralBits))];
  Entry distance[(1 << kDistanceBits) + (15 << (kMaxBits - kDistanceBits))];
};

// What the symbols of the three kinds of codes mean, their code words aside.
struct Meanings {
  Entry literal[288], distance[32], plain[19];
  Meanings() {
    static constexpr uint16_t base[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                        31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static constexpr uint8_t extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                        2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    for (int s = 0; s < 288; s++) literal[s] = {uint16_t(s), 0, s < 256 ? Entry::Literal : Entry::Bad};
    literal[256].kind = Entry::End;
    for (int s = 257; s < 286; s++) literal[s] = {base[s - 257], 0, extra[s - 257]};
    for (int s = 0; s < 19; s++) plain[s] = {uint16_t(s), 0, Entry::Literal};
    for (int s = 0; s < 32; s++) {
      int more = s < 4 ? 0 : s / 2 - 1;
      distance[s] = {uint16_t(s < 4 ? s + 1 : ((2 + s % 2) << more) + 1), 0, uint8_t(more)};
    }
    distance[30].kind = distance[31].kind = Entry::Bad;
  }
};
const Meanings& meanings() {
  static const Meanings made;
  return made;
}

// The bits of a code word in the order in which they are read: those of 16 bits the other way round.
uint32_t turned(uint32_t code, int bits) {
  uint32_t v = code << (16 - bits);
  v = (v & 0x5555) << 1 | (v >> 1 & 0x5555);
  v = (v & 0x3333) << 2 | (v >> 2 & 0x3333);
  v = (v & 0x0f0f) << 4 | (v >> 4 & 0x0f0f);
  return (v & 0x00ff) << 8 | v >> 8;
}

// Tables for code words of these lengths, numbered by length and then by symbol. Words of more than `main` bits go on
// in a table of their own. False for lengths that are no such code; one word alone, or none, may leave room.
bool build(const uint8_t* lengths, int symbols, int main, Entry* table, size_t room, const Entry* meaning) {
  int counts[kMaxBits + 1] = {}, longest = 0;
  for (int s = 0; s < symbols; s++) counts[lengths[s]]++;
  counts[0] = 0;
  uint32_t next[kMaxBits + 1], code = 0;
  int64_t left = 1, words = 0;
  for (int bits = 1; bits <= kMaxBits; bits++) {
    next[bits] = code;
    code = (code + uint32_t(counts[bits])) << 1;
    left = left * 2 - counts[bits];
    if (left < 0) return false;
    words += counts[bits];
    if (counts[bits]) longest = bits;
  }
  if (left > 0 && (words > 1 || longest > 1)) return false;
  size_t size = size_t(1) << main, used = size;
  for (size_t i = 0; i < size; i++) table[i] = {0, 0, Entry::Bad};
  int further = longest - main;
  for (int s = 0; s < symbols; s++) {
    int bits = lengths[s];
    if (!bits) continue;
    uint32_t word = turned(next[bits]++, bits);
    Entry e = meaning[s];
    if (bits <= main) {
      e.bits = uint8_t(bits);
      for (size_t i = word; i < size; i += size_t(1) << bits) table[i] = e;
      continue;
    }
    Entry& first = table[word & (size - 1)];
    if (first.kind == Entry::Bad) {
      if (used + (size_t(1) << further) > room) return false;
      first = {uint16_t(used), uint8_t(main), uint8_t(Entry::Further + further)};
      used += size_t(1) << further;
    }
    e.bits = uint8_t(bits - main);
    for (size_t i = word >> main; i < size_t(1) << further; i += size_t(1) << e.bits) table[first.value + i] = e;
  }
  return true;
}

// The decoder of blocks that bring no code of their own.
const Decoder& fixed_decoder() {
  static const Decoder* made = [] {
    auto* d = new Decoder;
    uint8_t lengths[288], distances[32];
    for (int s = 0; s < 288; s++) lengths[s] = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
    std::memset(distances, 5, sizeof distances);
    build(lengths, 288, kLiteralBits, d->literal, sizeof d->literal / sizeof(Entry), meanings().literal);
    build(distances, 32, kDistanceBits, d->distance, sizeof d->distance / sizeof(Entry), meanings().distance);
    return d;
  }();
  return *made;
}

// The code that a block begins with: its lengths are themselves written in a code.
bool read_codes(Bits& in, Decoder& d) {
  static constexpr uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  in.fill();
  int literals = 257 + int(in.take(5)), distances = 1 + int(in.take(5)), codes = 4 + int(in.take(4));
  if (literals > 286 || distances > 30) return false;
  uint8_t lengths[19] = {}, all[320] = {};
  for (int i = 0; i < codes; i++) {
    if (in.count < 3) in.fill();
    lengths[order[i]] = uint8_t(in.take(3));
  }
  Entry table[128];
  if (!build(lengths, 19, 7, table, 128, meanings().plain)) return false;
  for (int i = 0; i < literals + distances;) {
    if (in.count < 14) in.fill();
    Entry e = table[in.hold & 127];
    if (e.kind == Entry::Bad) return false;
    in.drop(e.bits);
    if (e.value < 16) {
      all[i++] = uint8_t(e.value);
      continue;
    }
    if (e.value == 16 && i == 0) return false;
    int repeat = e.value == 16 ? 3 + int(in.take(2)) : e.value == 17 ? 3 + int(in.take(3)) : 11 + int(in.take(7));
    uint8_t what = e.value == 16 ? all[i - 1] : 0;
    if (i + repeat > literals + distances) return false;
    while (repeat--) all[i++] = what;
  }
  return !in.past_end() && all[256] &&
         build(all, literals, kLiteralBits, d.literal, sizeof d.literal / sizeof(Entry), meanings().literal) &&
         build(all + literals, distances, kDistanceBits, d.distance, sizeof d.distance / sizeof(Entry),
               meanings().distance);
}

inline Entry look(Bits& in, const Entry* table, int main) {
  Entry e = table[in.hold & ((1u << main) - 1)];
  if (e.kind >= Entry::Further) {
    in.drop(e.bits);
    e = table[e.value + (in.hold & ((1u << (e.kind - Entry::Further)) - 1))];
  }
  in.drop(e.bits);
  return e;
}

inline void repeat(uint8_t* out, const uint8_t* end, size_t distance, size_t length) {
  const uint8_t* from = out - distance;
  if (distance >= 8 && size_t(end - out) >= length + 8) {
    for (size_t i = 0; i < length; i += 8) std::memcpy(out + i, from + i, 8);
  } else {
    for (size_t i = 0; i < length; i++) out[i] = from[i];
  }
}

// One block's symbols; `out` moves on.
bool read_symbols(Bits& in, const Decoder& d, const uint8_t* begin, uint8_t*& out, const uint8_t* end) {
  for (;;) {
    in.fill();  // enough for a length with its distance, or for three literals
    Entry e = look(in, d.literal, kLiteralBits);
    for (int more = 2; e.kind == Entry::Literal && more; more--) {
      if (out == end) return false;
      *out++ = uint8_t(e.value);
      e = look(in, d.literal, kLiteralBits);
      if (e.kind < Entry::Literal) in.fill();
    }
    if (e.kind == Entry::Literal) {
      if (out == end) return false;
      *out++ = uint8_t(e.value);
      continue;
    }
    if (e.kind == Entry::End) return !in.past_end();
    if (e.kind == Entry::Bad || in.past_end()) return false;
    size_t length = e.value + in.take(e.kind);
    Entry far = look(in, d.distance, kDistanceBits);
    if (far.kind == Entry::Bad) return false;
    size_t distance = far.value + in.take(far.kind);
    if (distance > size_t(out - begin) || length > size_t(end - out)) return false;
    repeat(out, end, distance, length);
    out += length;
  }
}

// Bytes as they are, from the next whole byte on.
bool read_stored(Bits& in, uint8_t*& out, const uint8_t* end) {
  in.drop(in.count & 7);
  in.fill();
  uint32_t length = in.take(16), check = in.take(16);
  if (length != (check ^ 0xffff) || in.past_end()) return false;
  // Whole bytes that were read ahead are read once more from where they are.
  int ahead = in.count / 8 - in.missing;
  in.at -= ahead;
  in.hold = 0, in.count = 0, in.missing = 0;
  if (length > size_t(in.end - in.at) || length > size_t(end - out)) return false;
  std::memcpy(out, in.at, length);
  out += length, in.at += length;
  return true;
}

uint32_t adler(const uint8_t* p, size_t n) {
  uint32_t a = 1, b = 0;
  while (n) {
    size_t now = n < 5552 ? n : 5552;  // the sums do not leave 32 bits before
    for (size_t i = 0; i < now; i++) a += p[i], b += a;
    a %= 65521, b %= 65521, p += now, n -= now;
  }
  return b << 16 | a;
}

}  // namespace

bool inflate_zlib(const uint8_t* src, size_t size, uint8_t* dst, size_t n) {
  if (size < 6 || (src[0] & 15) != 8 || src[0] >> 4 > 7 || (src[0] * 256 + src[1]) % 31 || src[1] & 32) return false;
  Bits in{src + 2, src + size};
  uint8_t* out = dst;
  const uint8_t* end = dst + n;
  thread_local Decoder own;
  for (bool last = false; !last;) {
    in.fill();
    last = in.take(1);
    uint32_t kind = in.take(2);
    bool right = kind == 0   ? read_stored(in, out, end)
                 : kind == 1 ? read_symbols(in, fixed_decoder(), dst, out, end)
                 : kind == 2 ? read_codes(in, own) && read_symbols(in, own, dst, out, end)
                             : false;
    if (!right) return false;
  }
  in.drop(in.count & 7);
  in.fill();
  uint32_t sum = 0;
  for (int i = 0; i < 4; i++) sum = sum << 8 | in.take(8);
  return !in.past_end() && out == end && sum == adler(dst, n);
}

}  // namespace dl
