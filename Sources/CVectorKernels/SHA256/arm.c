// SHA-256 by the SHA-2 extension of ARM: four rounds for each register of the schedule.

#include "../Dispatch.h"

#if VK_ARM

#include <arm_neon.h>

VK_TARGET_SHA void sha256_blocks_hardware(uint32_t state[8], const uint8_t *bytes,
                                          size_t block_count) {
  uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
  for (; block_count > 0; block_count--, bytes += 64) {
    const uint32x4_t first_abcd = abcd, first_efgh = efgh;
    uint32x4_t w[4];  // The words of the last sixteen rounds: group i is w[i % 4].
    for (int i = 0; i < 4; i++)
      w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(bytes + 16 * i)));
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      if (i >= 4) {
        w[i % 4] = vsha256su1q_u32(vsha256su0q_u32(w[i % 4], w[(i + 1) % 4]), w[(i + 2) % 4],
                                   w[(i + 3) % 4]);
      }
      const uint32x4_t wk = vaddq_u32(w[i % 4], vld1q_u32(sha256_constants + 4 * i));
      const uint32x4_t before = abcd;
      abcd = vsha256hq_u32(abcd, efgh, wk);
      efgh = vsha256h2q_u32(efgh, before, wk);
    }
    abcd = vaddq_u32(abcd, first_abcd);
    efgh = vaddq_u32(efgh, first_efgh);
  }
  vst1q_u32(state, abcd);
  vst1q_u32(state + 4, efgh);
}

#endif
