// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.
// clang-format off

#include "kernels/cpu/isa/rules/sgd_update.h"
#include "kernels/cpu/isa/rules/sgd_mom_update.h"
#include "kernels/cpu/isa/rules/sgd_ema_update.h"
#include "kernels/cpu/isa/rules/nag_mom_update.h"
#include "kernels/cpu/isa/rules/adam_update.h"
#include "kernels/cpu/isa/rules/adamw_update.h"
#include "kernels/cpu/isa/rules/rmsprop_update.h"
#include "kernels/cpu/isa/rules/gelu_pair.h"

constexpr UpdateRule kUpdateRules[] = {
    {6, 3u, 11, k_sgd_update, 1, {16}, sgd_update},
    {4, 3u, 4, k_sgd_update_plain, 1, {7}, sgd_update_plain},
    {4, 3u, 6, k_sgd_update_scaled, 1, {9}, sgd_update_scaled},
    {5, 3u, 10, k_sgd_update_clipped, 1, {14}, sgd_update_clipped},
    {5, 3u, 12, k_sgd_update_scaled_clipped, 1, {16}, sgd_update_scaled_clipped},
    {8, 7u, 13, k_sgd_mom_update, 2, {20, 19}, sgd_mom_update},
    {6, 7u, 6, k_sgd_mom_update_plain, 2, {11, 10}, sgd_mom_update_plain},
    {6, 7u, 8, k_sgd_mom_update_scaled, 2, {13, 12}, sgd_mom_update_scaled},
    {7, 7u, 12, k_sgd_mom_update_clipped, 2, {18, 17}, sgd_mom_update_clipped},
    {7, 7u, 14, k_sgd_mom_update_scaled_clipped, 2, {20, 19}, sgd_mom_update_scaled_clipped},
    {8, 7u, 16, k_sgd_ema_update, 2, {23, 21}, sgd_ema_update},
    {6, 7u, 9, k_sgd_ema_update_plain, 2, {14, 12}, sgd_ema_update_plain},
    {6, 7u, 11, k_sgd_ema_update_scaled, 2, {16, 14}, sgd_ema_update_scaled},
    {7, 7u, 15, k_sgd_ema_update_clipped, 2, {21, 19}, sgd_ema_update_clipped},
    {7, 7u, 17, k_sgd_ema_update_scaled_clipped, 2, {23, 21}, sgd_ema_update_scaled_clipped},
    {8, 7u, 15, k_nag_mom_update, 2, {22, 18}, nag_mom_update},
    {6, 7u, 8, k_nag_mom_update_plain, 2, {13, 9}, nag_mom_update_plain},
    {6, 7u, 10, k_nag_mom_update_scaled, 2, {15, 11}, nag_mom_update_scaled},
    {7, 7u, 14, k_nag_mom_update_clipped, 2, {20, 16}, nag_mom_update_clipped},
    {7, 7u, 16, k_nag_mom_update_scaled_clipped, 2, {22, 18}, nag_mom_update_scaled_clipped},
    {12, 15u, 32, k_adam_update, 3, {43, 25, 30}, adam_update},
    {9, 15u, 26, k_adam_update_plain, 3, {34, 16, 21}, adam_update_plain},
    {9, 15u, 28, k_adam_update_scaled, 3, {36, 18, 23}, adam_update_scaled},
    {10, 15u, 32, k_adam_update_clipped, 3, {41, 23, 28}, adam_update_clipped},
    {10, 15u, 34, k_adam_update_scaled_clipped, 3, {43, 25, 30}, adam_update_scaled_clipped},
    {13, 15u, 33, k_adamw_update, 3, {45, 24, 29}, adamw_update},
    {9, 15u, 27, k_adamw_update_plain, 3, {35, 14, 19}, adamw_update_plain},
    {9, 15u, 29, k_adamw_update_scaled, 3, {37, 16, 21}, adamw_update_scaled},
    {10, 15u, 33, k_adamw_update_clipped, 3, {42, 21, 26}, adamw_update_clipped},
    {10, 15u, 35, k_adamw_update_scaled_clipped, 3, {44, 23, 28}, adamw_update_scaled_clipped},
    {9, 7u, 20, k_rmsprop_update, 2, {28, 23}, rmsprop_update},
    {6, 7u, 14, k_rmsprop_update_plain, 2, {19, 14}, rmsprop_update_plain},
    {6, 7u, 16, k_rmsprop_update_scaled, 2, {21, 16}, rmsprop_update_scaled},
    {7, 7u, 20, k_rmsprop_update_clipped, 2, {26, 21}, rmsprop_update_clipped},
    {7, 7u, 22, k_rmsprop_update_scaled_clipped, 2, {28, 23}, rmsprop_update_scaled_clipped},
    {1, 1u, 2, k_gelu_pair, 2, {1, 2}, gelu_pair},
};
