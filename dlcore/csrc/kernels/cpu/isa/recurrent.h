// Steps of recurrent networks, per instruction set.
#pragma once
#include "kernels/cpu/isa/isa.h"
#include "kernels/cpu/isa/recurrent_rows.h"

namespace dl {

struct RecurrentTable {
  RecurrentRows<float> f32;
  RecurrentRows<double> f64;
};
DL_ISA_TABLE(RecurrentTable, recurrent_table)

}  // namespace dl
