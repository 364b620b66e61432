// NEON with dot products of bytes: `sdot` multiplies sixteen bytes, four dimensions of four lanes,
// with a plane's four elements and adds the products up for each lane in 32 bits. Flipping the
// highest bit of a byte makes it the signed code.
//
// A tile is one block × up to six queries: 24 sums, four registers of rows, one of a query.

#include "../Dispatch.h"

#if VK_ARM

#include <arm_neon.h>

#define SET neon_dotprod
#define TARGET VK_TARGET_DOTPROD

TARGET __attribute__((always_inline)) static inline void multiply(
    const uint8_t *codes, size_t group_count, const int8_t *const *planes, const int count,
    int32x4_t *totals) {
  const uint8x16_t highest = vdupq_n_u8(128);
  int32x4_t sums[4 * VK_CODE_TILE];
#pragma unroll
  for (int p = 0; p < 4 * count; p++) sums[p] = vdupq_n_s32(0);
  for (size_t g = 0; g < group_count; g++) {
    int8x16_t x[4];
#pragma unroll
    for (int part = 0; part < 4; part++)
      x[part] = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(codes + 64 * g + 16 * part), highest));
#pragma unroll
    for (int p = 0; p < count; p++) {
      int32_t four;
      __builtin_memcpy(&four, planes[p] + 4 * g, sizeof four);
      const int8x16_t q = vreinterpretq_s8_s32(vdupq_n_s32(four));
#pragma unroll
      for (int part = 0; part < 4; part++)
        sums[4 * p + part] = vdotq_s32(sums[4 * p + part], x[part], q);
    }
  }
#pragma unroll
  for (int p = 0; p < 4 * count; p++) totals[p] = sums[p];
}

#include "BlocksNEON.h"

#endif
