// CRC-32C and SHA-256: known values, and equality with the oracle over lengths and alignments.

#include "check.h"

static const uint32_t beginning[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static void check_known_values(void) {
  const uint8_t digits[] = "123456789", zeros[32] = {0};
  EXPECT(vk_crc32c(set, 0, digits, 9) == 0xE3069283, "CRC-32C of the digits");
  EXPECT(vk_crc32c(set, 0, zeros, 32) == 0x8A9136AA, "CRC-32C of 32 zeros");
  // "abc", padded, and its digest as FIPS 180-4 has it.
  const uint8_t block[64] = {[0] = 'a', [1] = 'b', [2] = 'c', [3] = 0x80, [63] = 24};
  const uint32_t digest[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                              0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
  uint32_t state[8];
  memcpy(state, beginning, sizeof state);
  vk_sha256_blocks(set, state, block, 1);
  EXPECT(memcmp(state, digest, sizeof state) == 0, "SHA-256 of abc");
}

void check_digests(void) {
  check_known_values();
  for (size_t count = 0; count <= 300; count++) {
    for (size_t gap = 0; gap < 8; gap++) {
      uint8_t *bytes = guarded(0, count, gap);
      for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)next_random();
      const uint32_t whole = vk_crc32c(vk_instruction_set_scalar, 0, bytes, count);
      const size_t cut = next_random() % (count + 1);
      const uint32_t first = vk_crc32c(set, 0, bytes, cut);
      EXPECT(vk_crc32c(set, 0, bytes, count) == whole, "CRC-32C of %zu bytes", count);
      EXPECT(vk_crc32c(set, first, bytes + cut, count - cut) == whole,
             "CRC-32C of %zu bytes, cut at %zu", count, cut);
      const size_t blocks = count % 9;
      uint8_t *text = guarded(1, blocks * 64, gap);
      for (size_t i = 0; i < blocks * 64; i++) text[i] = (uint8_t)next_random();
      uint32_t expected[8], found[8];
      memcpy(expected, beginning, sizeof expected);
      memcpy(found, beginning, sizeof found);
      vk_sha256_blocks(vk_instruction_set_scalar, expected, text, blocks);
      vk_sha256_blocks(set, found, text, blocks);
      EXPECT(memcmp(expected, found, sizeof found) == 0, "SHA-256 of %zu blocks", blocks);
    }
  }
}
