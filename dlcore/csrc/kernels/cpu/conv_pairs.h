// The gradient of a convolution by its weights from bfloat16 images, as products of pairs (pairs.h).
#pragma once
#include "kernels/cpu/conv.h"

namespace dl {

// Of channels-last gy and x into gw; false: not for this shape, or not on this processor.
bool conv_grad_w_pairs(const ConvShape& s, const View& gy, const View& x, const View& gw);

}  // namespace dl
