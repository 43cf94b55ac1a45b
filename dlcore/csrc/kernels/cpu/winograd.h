// Winograd's convolution for 3 x 3 windows: the same sums with fewer products, in float32.
#pragma once
#include "kernels/cpu/conv.h"
#include "kernels/cpu/packed.h"

namespace dl {

// Each returns false, having done nothing, where the geometry does not allow it or plain sums of products are quicker.
// Input 1 of the call is the weights. x, y, gy and gx are dense channels-last images of float32, or all of bfloat16; w
// and gw weights of one of the two with any strides.
bool winograd_forward(const SlotCall& c, const ConvShape& s, const View& x, const View& w, const float* bias,
                      const ConvFinish& finish, const View& y);
bool winograd_grad_x(const SlotCall& c, const ConvShape& s, const View& gy, const View& w, const View& gx);
bool winograd_grad_w(const ConvShape& s, const View& gy, const View& x, const View& gw);

// Whether one of the above may say yes to this geometry.
bool winograd_fits(const ConvShape& s);

}  // namespace dl
