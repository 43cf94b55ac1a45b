// Batches cut out of arrays by row. Pictures of bytes are mirrored, cut and changed value by value on the way, each
// with the random numbers of its own sample.
#pragma once
#include <string>
#include <vector>

#include "kernels/cpu/isa/pixels.h"
#include "tensor/tensor.h"

namespace dl {

struct PictureStep {
  enum Kind { FlipAcross, FlipDown, RandomCrop, Cut, Brightness, Contrast, Saturation, Hue, Grey, Jitter } kind;
  double amount = 0;                   // the chance of a flip or of grey; how far a change of colours goes
  int64_t x = 0, y = 0, w = 0, h = 0;  // the size of a crop; the whole box of a cut
  int64_t pad = 0;                     // around the picture, before a crop
  std::vector<PictureStep> parts;      // of a jitter, which come in an order that is drawn

  // Whether what a value becomes depends on others: then the picture must be there as it is seen by then.
  bool mixes() const { return kind >= Contrast; }
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
  int64_t decisions() const;  // how many numbers say what chance would; -1 where a number of that kind is not whole
};

class BatchPlan {
 public:
  // columns: contiguous arrays of equal length on the CPU. rows: where not null, sample i is row rows[i]. picture: for
  // the first column. Throws ValueError for what does not fit together.
  BatchPlan(std::vector<Tensor> columns, const std::vector<int64_t>* rows, const PicturePlan* picture);

  // One array a column with the rows of these samples; IndexError for one that is not there. Their random numbers begin
  // with `words`, unless `decided` (samples, n) of int64 says what chance would: 0 or 1 for a flip, x and y of a crop.
  std::vector<Tensor> take(const std::vector<int64_t>& samples, const std::vector<uint64_t>& words, double strength,
                           const Tensor& decided) const;
  int64_t bytes_of_row() const { return out_bytes_; }

 private:
  struct Column {
    Tensor array;
    Shape row;
    int64_t bytes;
  };
  void measure();
  void check_scale();
  std::vector<Column> columns_;
  std::vector<int64_t> rows_;  // a copy: nobody can make it lead out of the arrays later
  bool chosen_ = false, picture_ = false;
  PicturePlan plan_;
  int64_t length_ = 0, out_bytes_ = 0;
  int64_t h_ = 0, w_ = 0, c_ = 0, out_h_ = 0, out_w_ = 0;
};

}  // namespace dl
