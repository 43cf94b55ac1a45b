#include "data/records.h"

#ifndef _WIN32
#include <unistd.h>
#endif

#include <algorithm>
#include <cstring>

#include "data/png.h"
#include "runtime/pool.h"

namespace dl {
namespace {

constexpr uint32_t kMagic = 0xced7230a;
constexpr int64_t kLeast = 64, kMost = 1 << 16;  // bytes read at once, whatever is said to be likely
constexpr size_t kHead = 24;                     // label, number and the like before the picture

struct Buffers {
  std::vector<uint8_t> record, scratch;
};

bool read_at(int file, uint8_t* dst, size_t n, int64_t place, size_t& got) {
#ifdef _WIN32
  (void)file, (void)dst, (void)n, (void)place, (void)got;
  return false;
#else
  for (got = 0; got < n;) {
    ssize_t now = pread(file, dst + got, n - got, off_t(place + int64_t(got)));
    if (now <= 0) return now == 0;
    got += size_t(now);
  }
  return true;
#endif
}

// The bytes of a record that is in one part.
bool read_record(int file, int64_t place, int64_t likely, std::vector<uint8_t>& record, size_t& length) {
  size_t first = size_t(std::min(kMost, std::max(kLeast, likely))), got;
  if (record.size() < first) record.resize(first);
  if (place < 0 || !read_at(file, record.data(), first, place, got) || got < 8) return false;
  uint32_t magic, word;
  std::memcpy(&magic, record.data(), 4);
  std::memcpy(&word, record.data() + 4, 4);
  length = word & ((1u << 29) - 1);
  if (magic != kMagic || word >> 29) return false;
  if (8 + length <= got) return true;
  if (got < first) return false;  // the file ends before
  if (record.size() < 8 + length) record.resize(8 + length);
  size_t more;
  return read_at(file, record.data() + got, 8 + length - got, place + int64_t(got), more) && more == 8 + length - got;
}

bool read_picture(int file, int64_t place, int64_t likely, int64_t row, const PictureRows& to, Buffers& own) {
  size_t length;
  if (!read_record(file, place, likely, own.record, length) || length < kHead) return false;
  const uint8_t* p = own.record.data() + 8;
  uint32_t count;
  std::memcpy(&count, p, 4);
  if (to.plain && count) return false;
  size_t rest = length - kHead;
  const uint8_t* labels = count ? p + kHead : p + 4;
  if (rest / 4 < count || int64_t(count ? count : 1) < to.width) return false;
  PngHead head;
  const uint8_t* picture = p + kHead + 4 * size_t(count);
  rest -= 4 * size_t(count);
  if (!read_png_head(picture, rest, head) || head.h != to.h || head.w != to.w) return false;
  std::memcpy(to.labels + row * to.width, labels, size_t(to.width) * 4);
  return read_png(picture, rest, head, int(to.c), to.pixels + row * to.h * to.w * to.c, own.scratch);
}

}  // namespace

std::vector<int64_t> read_pictures(int file, const std::vector<int64_t>& places, const std::vector<int64_t>& sizes,
                                   const std::vector<int64_t>& rows, const PictureRows& to) {
  std::vector<char> failed(places.size());
  parallel_for(int64_t(places.size()), 4, [&](int64_t begin, int64_t end) {
    thread_local Buffers own;
    for (int64_t i = begin; i < end; i++)
      failed[size_t(i)] = !read_picture(file, places[size_t(i)], sizes[size_t(i)], rows[size_t(i)], to, own);
  });
  std::vector<int64_t> found;
  for (size_t i = 0; i < failed.size(); i++)
    if (failed[i]) found.push_back(int64_t(i));
  return found;
}

}  // namespace dl
