#include "data/batch.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "data/picture.h"
#include "kernels/cpu/isa/random_table.h"
#include "runtime/errand.h"
#include "runtime/pool.h"
#include "runtime/random.h"
#include "tensor/errors.h"

namespace dl {

constexpr int64_t kGrain = 32 << 10;  // bytes of a batch that are worth a thread
constexpr int64_t kWake = 512 << 10;  // bytes of a batch that are worth waking one
constexpr int64_t kAhead = 16 << 20;  // bytes of a batch that may lie there before it is asked for

// Rows lie anywhere in memory: the next one is on its way while this one is copied. Of a long one the beginning is
// enough, the processor itself sees what follows.
static void fetch_ahead(const char* row, int64_t bytes) {
  int64_t n = bytes > 2048 ? 512 : bytes;
  for (int64_t i = 0; i < n; i += 64) __builtin_prefetch(row + i);
}

// Rows that lie anywhere, one behind the other. Long ones are copied a few at a time, side by side: memory is asked for
// all of them while it is still busy with the first.
constexpr int kTogether = 8;  // more would push each other out of the first cache

template <int N>
static void copy_together(const char* const* from, char* to, int64_t bytes) {
  for (int64_t j = 0; j + 64 <= bytes; j += 64)
    for (int q = 0; q < N; q++) std::memcpy(to + q * bytes + j, from[q] + j, 64);
  int64_t rest = bytes % 64;
  for (int q = 0; rest && q < N; q++) std::memcpy(to + (q + 1) * bytes - rest, from[q] + bytes - rest, size_t(rest));
}

template <class RowOf>
static void copy_rows(const char* array, int64_t bytes, int64_t begin, int64_t end, RowOf row_of, char* to) {
  int64_t i = begin;
  if (bytes >= 256)
    for (; i + kTogether <= end; i += kTogether) {
      const char* from[kTogether];
      for (int q = 0; q < kTogether; q++) from[q] = array + row_of(i + q) * bytes;
      copy_together<kTogether>(from, to + i * bytes, bytes);
    }
  for (; i < end; i++) std::memcpy(to + i * bytes, array + row_of(i) * bytes, size_t(bytes));
}

void PictureStep::check(int64_t c) const {
  if ((kind == Hue || kind == Lighting) && c != 3)
    throw ValueError(
        format("BatchPlan: a hue is turned and light is changed in three channels, got %lld", (long long)c));
  if (kind == Erase && value.size() != size_t(c))
    throw ValueError(
        format("BatchPlan: expected a value for each of %lld channels of a hole, got %zu", (long long)c, value.size()));
  for (const PictureStep& part : parts) {
    part.check(c);
    if (part.sized()) throw ValueError("BatchPlan: what comes by chance must leave the size as it is");
  }
}

bool PicturePlan::draws() const {
  for (const PictureStep& s : steps)
    if (s.draws()) return true;
  return false;
}

int64_t PicturePlan::blocks() const {
  int64_t n = 0;
  for (const PictureStep& s : steps) {
    if (s.draws() && (s.kind == PictureStep::Brightness || s.mixes())) return -1;
    n += s.draws();
  }
  return n;
}

BatchPlan::BatchPlan(std::vector<Tensor> columns, const std::vector<int64_t>* rows, const PicturePlan* picture) {
  if (columns.empty()) throw ValueError("BatchPlan: expected at least one array");
  for (Tensor& t : columns) {
    bool fits = t->device.type == 0 && t->ndim() > 0 && t->contiguous();
    if (!fits || (!columns_.empty() && t->shape[0] != columns_[0].array->shape[0]))
      throw ValueError("BatchPlan: expected contiguous arrays of one length on the CPU, got one of shape " +
                       to_string(t->shape) + (fits ? "" : ", not contiguous or of no axes"));
    Shape row;
    for (int i = 1; i < t->ndim(); i++) row.push(t->shape[i]);
    int64_t bytes = numel(row) * int64_t(itemsize(t->dtype));
    DType dtype = t->dtype;
    columns_.push_back({std::move(t), row, bytes, row, dtype});
  }
  length_ = columns_[0].array->shape[0];
  if (rows) {
    for (int64_t r : *rows)
      if (r < 0 || r >= length_) throw IndexError(format("BatchPlan: there is no row %lld", (long long)r));
    rows_ = *rows;
    length_ = int64_t(rows_.size());
  }
  chosen_ = rows != nullptr;
  if (picture) {
    plan_ = *picture;
    picture_ = true;
    measure();
    check_scale();
  }
  for (const Column& c : columns_) out_bytes_ += numel(c.made) * int64_t(itemsize(c.dtype));
}

// The size of what comes out, which must be the same for every picture.
void BatchPlan::measure() {
  const Column& from = columns_[0];
  if (from.array->dtype != DType::U8 || from.row.n != 3)
    throw ValueError(std::string("BatchPlan: expected pictures (n, h, w, c) of bytes, got ") +
                     dtype_name(from.array->dtype) + to_string(from.array->shape));
  h_ = from.row[0], w_ = from.row[1], c_ = from.row[2];
  int64_t h = h_, w = w_;
  for (const PictureStep& s : plan_.steps) {
    s.check(c_);
    if (!s.sized()) continue;
    h += 2 * s.pad, w += 2 * s.pad;
    bool cut = s.kind == PictureStep::Cut || s.kind == PictureStep::RandomCrop,
         fits = s.pad >= 0 && s.x >= 0 && s.y >= 0 && s.w > 0 && s.h > 0 && h > 0 && w > 0;
    if (!fits || (cut && (s.x + s.w > w || s.y + s.h > h)))
      throw ValueError(format("BatchPlan: a part does not fit into %lldx%lld", (long long)w, (long long)h));
    h = s.h, w = s.w;
  }
  columns_[0].dtype = plan_.dtype;
  columns_[0].made = plan_.planes ? Shape{c_, h, w} : Shape{h, w, c_};
  if (plan_.values.size() != size_t(c_) * 256 * itemsize(plan_.dtype) || plan_.fill.size() != size_t(c_))
    throw ValueError(
        format("BatchPlan: expected 256 values and a margin for each of %lld channels, got %zu bytes and %zu",
               (long long)c_, plan_.values.size(), plan_.fill.size()));
}

// Arithmetic stays only where it gives every byte the very value of the table.
void BatchPlan::check_scale() {
  auto& scale = plan_.scale;
  auto* run = pick_pixel_table()->scale;
  bool right = run && plan_.planes && plan_.dtype == DType::F32 && scale.size() == size_t(c_);
  uint8_t bytes[256];
  float made[256];
  for (int v = 0; v < 256; v++) bytes[v] = uint8_t(v);
  for (size_t k = 0; right && k < scale.size(); k++) {
    run(256, bytes, scale[k], made);
    right = std::memcmp(made, plan_.values.data() + k * sizeof made, sizeof made) == 0;
  }
  if (!right) scale.clear();
}

// A batch that is being made. What it needs of the plan stays as it is; the rest it has itself.
struct BatchPlan::Making {
  Making(const BatchPlan& of, BatchWish wanted, RngState state);
  Making(const Making&) = delete;
  // Whether it is what is wished for, with the draws that begin at this state if there are any.
  bool is(const BatchWish& wanted, RngState state) const;
  void fill(int64_t begin, int64_t end);

  const BatchPlan& plan;
  BatchWish wish;
  RngState from;
  std::vector<uint32_t> drawn;
  std::vector<Tensor> out;
  int64_t blocks, picture_bytes = 0;
  bool draws;
  std::optional<Errand> work;  // gone before what it works on
};

BatchPlan::~BatchPlan() = default;

BatchPlan::Making::Making(const BatchPlan& of, BatchWish wanted, RngState state)
    : plan(of), wish(std::move(wanted)), from(state), blocks(plan.blocks_of(wish)) {
  int64_t n = int64_t(wish.samples.size());
  for (const Column& column : plan.columns_) {
    Shape shape{n};
    for (int64_t size : column.made) shape.push(size);
    out.push_back(make_tensor(shape, column.dtype));
  }
  drawn.resize(size_t(4 * n * blocks));
  if (blocks) pick_random_table()->words(n * blocks, from.seed, from.counter, 0, drawn.data());
  draws = plan.picture_ && !wish.stream && plan.plan_.draws();
  picture_bytes = n ? out[0]->numel() / n * int64_t(itemsize(out[0]->dtype)) : 0;
  int64_t grain = std::max(int64_t(1), kGrain / std::max(plan.out_bytes_, int64_t(1)));
  if (grain > kTogether) grain -= grain % kTogether;
  const auto& steps = plan.plan_.steps;
  bool dear = n * plan.out_bytes_ > kWake ||
              std::any_of(steps.begin(), steps.end(), [](const PictureStep& s) { return s.mixes(); });
  work.emplace(n, grain, dear, [this](int64_t begin, int64_t end) { fill(begin, end); });
}

bool BatchPlan::Making::is(const BatchWish& wanted, RngState state) const {
  bool alike = wish.samples == wanted.samples && wish.words == wanted.words && wish.strength == wanted.strength &&
               wish.stream == wanted.stream;
  return alike && (!blocks || (from.seed == state.seed && from.counter == state.counter));
}

void BatchPlan::Making::fill(int64_t begin, int64_t end) {
  const int64_t *rows = plan.chosen_ ? plan.rows_.data() : nullptr, *samples = wish.samples.data();
  auto row_of = [&](int64_t i) { return rows ? rows[samples[i]] : samples[i]; };
  for (size_t k = plan.picture_ ? 1 : 0; k < plan.columns_.size(); k++)
    copy_rows(static_cast<const char*>(plan.columns_[k].array->data()), plan.columns_[k].bytes, begin, end, row_of,
              static_cast<char*>(out[k]->data()));
  if (!plan.picture_) return;
  thread_local PictureScratch scratch;
  const Column& column = plan.columns_[0];
  const auto* pictures = static_cast<const uint8_t*>(column.array->data());
  for (int64_t i = begin; i < end; i++) {
    const uint8_t* src = pictures + row_of(i) * column.bytes;
    if (i + 1 < end) fetch_ahead(reinterpret_cast<const char*>(pictures) + row_of(i + 1) * column.bytes, column.bytes);
    std::optional<SampleDraws> own;
    if (draws) own.emplace(wish.words, samples[i]);
    Chance chance{own ? &*own : nullptr, drawn.data() + 4 * i * blocks, wish.strength};
    make_picture(plan.plan_, src, plan.h_, plan.w_, plan.c_, chance, scratch,
                 static_cast<char*>(out[0]->data()) + i * picture_bytes);
  }
}

int64_t BatchPlan::blocks_of(const BatchWish& wish) const {
  int64_t blocks = wish.stream && picture_ ? plan_.blocks() : 0;
  if (blocks < 0) throw ValueError("BatchPlan: a step of these draws from no stream");
  return blocks;
}

std::vector<Tensor> BatchPlan::take(const BatchWish& wish, const std::vector<int64_t>* then) const {
  auto missing = [&](int64_t s) { return s < 0 || s >= length_; };
  auto wrong = std::find_if(wish.samples.begin(), wish.samples.end(), missing);
  if (wrong != wish.samples.end())
    throw IndexError(format("there is no sample %lld among %lld", (long long)*wrong, (long long)length_));
  int64_t n = int64_t(wish.samples.size()), blocks = blocks_of(wish);
  RngState from = blocks ? reserve_random(4 * n * blocks) : RngState{0, 0};
  std::unique_ptr<Making> made;
  {
    std::lock_guard<std::mutex> hold(mutex_);
    made = std::move(ahead_);
    if (made && !made->is(wish, from) && made->is(wish, made->from)) others_draw_ = true;
  }
  if (!made || !made->is(wish, from)) made = std::make_unique<Making>(*this, wish, from);
  made->work->finish();
  std::vector<Tensor> out = std::move(made->out);
  made.reset();
  bool worth = then && num_threads() > 1 && int64_t(then->size()) * out_bytes_ <= kAhead && !(blocks && others_draw_);
  if (worth && std::none_of(then->begin(), then->end(), missing)) {
    made = std::make_unique<Making>(*this, BatchWish{*then, wish.words, wish.strength, wish.stream}, rng_state());
    std::lock_guard<std::mutex> hold(mutex_);
    std::swap(ahead_, made);
  }
  return out;
}

int64_t BatchPlan::ahead() const {
  std::lock_guard<std::mutex> hold(mutex_);
  return ahead_ ? int64_t(ahead_->wish.samples.size()) : 0;
}

}  // namespace dl
