// NEON without dot products of bytes. `smlal` adds the products of signed bytes up in 16 bits, each
// dimension of a group for itself, and every WINDOW groups the sums are widened. They cannot
// overflow: the elements of a plane that share sixteen bits add up to at most 128 with either sign
// (see `vk_code_plane`), so their products with codes are at most 2 × 128 × 127.
//
// One plane after another, as the sums of one, in sixteen and in 32 bits, take half the registers.

#include "../Dispatch.h"

#if VK_ARM

#include <arm_neon.h>

#define SET neon
#define TARGET

// Adds one window of groups to the sums of the pairs of dimensions of two lanes in each register.
static inline void add_window(const uint8_t *codes, const int8_t *plane, size_t group_count,
                              int32x4_t pairs[8]) {
  const uint8x16_t highest = vdupq_n_u8(128);
  int16x8_t sums[8];
#pragma unroll
  for (int i = 0; i < 8; i++) sums[i] = vdupq_n_s16(0);
  for (size_t g = 0; g < group_count; g++) {
    int32_t four;
    __builtin_memcpy(&four, plane + 4 * g, sizeof four);
    const int8x8_t q = vreinterpret_s8_s32(vdup_n_s32(four));
#pragma unroll
    for (int part = 0; part < 4; part++) {
      const int8x16_t x =
          vreinterpretq_s8_u8(veorq_u8(vld1q_u8(codes + 64 * g + 16 * part), highest));
      sums[2 * part] = vmlal_s8(sums[2 * part], vget_low_s8(x), q);
      sums[2 * part + 1] = vmlal_s8(sums[2 * part + 1], vget_high_s8(x), q);
    }
  }
#pragma unroll
  for (int i = 0; i < 8; i++) pairs[i] = vpadalq_s16(pairs[i], sums[i]);
}

static inline void multiply(const uint8_t *codes, size_t group_count,
                            const int8_t *const *planes, const int count, int32x4_t *totals) {
  for (int p = 0; p < count; p++) {
    int32x4_t pairs[8];
#pragma unroll
    for (int i = 0; i < 8; i++) pairs[i] = vdupq_n_s32(0);
    for (size_t start = 0; start < group_count; start += VK_CODE_WINDOW) {
      const size_t rest = group_count - start;
      add_window(codes + 64 * start, planes[p] + 4 * start,
                 rest < VK_CODE_WINDOW ? rest : VK_CODE_WINDOW, pairs);
    }
#pragma unroll
    for (int part = 0; part < 4; part++)
      totals[4 * p + part] = vpaddq_s32(pairs[2 * part], pairs[2 * part + 1]);
  }
}

#include "BlocksNEON.h"

#endif
