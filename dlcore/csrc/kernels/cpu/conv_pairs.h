// The gradient of a convolution by its weights from bfloat16 images, as products of pairs (pairs.h).
#pragma once
#include "kernels/cpu/conv.h"

namespace dl {

// Whether this processor has them, and they suit the shape and where the gradient goes.
bool conv_pairs_suit(const ConvShape& s, const View& gw);
// Of channels-last gy and x into gw.
void conv_grad_w_pairs(const ConvShape& s, const View& gy, const View& x, const View& gw);

}  // namespace dl
