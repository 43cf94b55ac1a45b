// Batches cut out of arrays by row. Pictures of bytes are mirrored, cut and changed value by value on the way, each
// with the random numbers of its own sample.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/resize.h"
#include "kernels/cpu/isa/pixels.h"
#include "tensor/tensor.h"

namespace dl {

struct PictureStep {
  enum Kind {
    FlipAcross,
    FlipDown,
    RandomCrop,
    Cut,
    Brightness,
    Contrast,
    Saturation,
    Hue,
    Grey,
    Jitter,
    Lighting,
    Erase,
    Turn,
    Apply,
    Rotate,
    Resize,
    RandomPart
  } kind;
  double amount = 0;                   // the chance of a flip, of grey, of a hole; how far a change of colours goes
  int64_t x = 0, y = 0, w = 0, h = 0;  // the size of a crop or of what comes out; the whole box of a cut
  int64_t pad = 0;                     // around the picture, before a crop
  std::vector<PictureStep> parts;      // of a jitter, which come in an order that is drawn; those that come by chance
  bool zoom_in = false, zoom_out = false;
  double least = 0, most = 0;  // degrees; or of a hole or a random part: its share of the picture,
  double flat = 0, steep = 0;  // and between which logarithms its width over its height is
  std::vector<uint8_t> value;  // what a hole is filled with, a value for each channel
  Interpolation how = Interpolation::Bilinear;

  // Throws ValueError where it is not for pictures of c channels.
  void check(int64_t c) const;

  // Whether what a value becomes depends on others or on its place: then the picture must be there as it is by then.
  bool mixes() const { return kind >= Contrast; }
  bool draws() const { return kind != Cut && kind != Resize && kind != Rotate; }
  bool sized() const { return kind == Cut || kind == RandomCrop || kind == Resize || kind == RandomPart; }
};

// What is done to pictures (h, w, c) of bytes before they are a batch.
struct PicturePlan {
  std::vector<PictureStep> steps;
  std::vector<uint8_t> fill;  // what a crop pads with, a value for each channel
  std::vector<char> values;   // what each byte becomes in the end: c times 256 values of `dtype`
  DType dtype = DType::U8;
  bool planes = false;            // the result is (c, h, w)
  std::vector<PixelScale> scale;  // the same as arithmetic, a channel each; empty where there is none

  bool draws() const;
  int64_t blocks() const;  // how many blocks of the seeded stream a picture takes; -1 where a step takes none from it
};

// Which samples, and where their random numbers come from: they begin with `words`, or with `stream` are taken from the
// seeded state, as augmenters of single pictures take them.
struct BatchWish {
  std::vector<int64_t> samples;
  std::vector<uint64_t> words;
  double strength = 1;
  bool stream = false;
};

class BatchPlan {
 public:
  // columns: contiguous arrays of equal length on the CPU. rows: where not null, sample i is row rows[i]. picture: for
  // the first column. Throws ValueError for what does not fit together.
  BatchPlan(std::vector<Tensor> columns, const std::vector<int64_t>* rows, const PicturePlan* picture);
  ~BatchPlan();

  // One array a column with the rows of these samples; IndexError for one that is not there. `then`: where not null,
  // the samples that will probably be asked for next, with all else as it is: they are cut out by threads that have
  // nothing else to do until then. What is then asked for differs: so much work was done in vain.
  std::vector<Tensor> take(const BatchWish& wish, const std::vector<int64_t>* then) const;
  int64_t ahead() const;  // how many samples of that are there or being cut out
  int64_t bytes_of_row() const { return out_bytes_; }

 private:
  struct Column {
    Tensor array;
    Shape row;
    int64_t bytes;
    Shape made;  // of a batch, and its kind
    DType dtype;
  };
  struct Making;
  void measure();
  void check_scale();
  int64_t blocks_of(const BatchWish& wish) const;
  std::vector<Column> columns_;
  std::vector<int64_t> rows_;  // a copy: nobody can make it lead out of the arrays later
  bool chosen_ = false, picture_ = false;
  PicturePlan plan_;
  int64_t length_ = 0, out_bytes_ = 0;
  int64_t h_ = 0, w_ = 0, c_ = 0;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Making> ahead_;         // the batch that will probably be asked for next
  mutable std::atomic<bool> others_draw_{false};  // from the seeded state, between two batches that do
};

}  // namespace dl
