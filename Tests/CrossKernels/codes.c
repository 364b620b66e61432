// Bounds from codes, bit for bit, and the hits of tiles.

#include "check.h"

enum { MOST_BLOCKS = 3, MOST_GROUPS = 768, BLOCK = VK_CODE_LANES * VK_CODE_GROUP };
enum { MOST_DIMENSION = 400 };

static size_t length_of(size_t group_count) {
  return group_count * BLOCK + 3 * VK_CODE_LANES * sizeof(float);
}

// Random codes and factors, up to the last byte before forbidden memory. Some lanes are the largest
// codes of one sign.
static uint8_t *random_blocks(size_t block_count, size_t group_count) {
  const size_t length = length_of(group_count);
  uint8_t *blocks = guarded(0, block_count * length, 0);
  for (size_t b = 0; b < block_count; b++) {
    uint8_t *block = blocks + b * length;
    const uint64_t kind = next_random();
    for (size_t i = 0; i < group_count * BLOCK; i++) {
      const size_t lane = i / VK_CODE_GROUP % VK_CODE_LANES;
      const uint8_t byte = (uint8_t)(1 + next_random() % 255);
      block[i] = (kind >> lane & 1) == 0 ? byte : (kind >> (16 + lane) & 1) == 0 ? 1 : 255;
    }
    float *factors = (float *)(void *)(block + group_count * BLOCK);
    for (size_t i = 0; i < 3 * VK_CODE_LANES; i++) factors[i] = fabsf(next_float());
  }
  return blocks;
}

// A plane at the limit of what `vk_code_plane` promises to sets that add up in sixteen bits: in each
// window, and for the even and the odd pair of dimensions, the elements of one sign add up to 128,
// spread over few or many of them.
static void fill_with_small_bytes(int8_t *plane, size_t group_count) {
  for (size_t start = 0; start < group_count; start += VK_CODE_WINDOW) {
    const size_t rest = group_count - start;
    const size_t many = (rest < VK_CODE_WINDOW ? rest : VK_CODE_WINDOW) * 2;
    for (size_t pair = 0; pair < 2; pair++) {
      int left[2] = {128, 128};
      for (size_t i = 0; i < many; i++) {
        const size_t at = (start + i / 2) * VK_CODE_GROUP + 2 * pair + i % 2;
        const size_t sign = next_random() % 2;
        const int most = next_random() % 3 == 0 ? 127 : (int)(next_random() % 17);
        const int size = most < left[sign] ? most : left[sign];
        left[sign] -= size;
        plane[at] = (int8_t)(sign == 0 ? size : -size);
      }
    }
  }
}

// A plane of bytes of every size, or only of the largest.
static void fill_with_whole_bytes(int8_t *plane, size_t group_count) {
  const uint64_t kind = next_random() % 4;
  for (size_t i = 0; i < group_count * VK_CODE_GROUP; i++) {
    const int8_t byte = (int8_t)((int)(next_random() % 255) - 127);
    plane[i] = kind == 0 ? 127 : kind == 1 ? -127 : byte;
  }
}

static int8_t *random_plane(int number, size_t group_count, int32_t *sum) {
  int8_t *plane = guarded(number, group_count * VK_CODE_GROUP, 0);
  if (vk_takes_whole_bytes(set) && next_random() % 4 != 0) {
    fill_with_whole_bytes(plane, group_count);
  } else {
    fill_with_small_bytes(plane, group_count);
  }
  *sum = 0;
  for (size_t i = 0; i < group_count * VK_CODE_GROUP; i++) *sum += plane[i];
  return plane;
}

static vk_code_query random_query(size_t group_count, int number, bool is_fine) {
  vk_code_query query = {.high_scale = fabsf(next_float()), .low_scale = 0x1p-8f * next_float(),
                         .constant = next_float(), .norm_weight = next_float(),
                         .error_factor = fabsf(next_float()), .norm_factor = next_float() * 0x1p-9f,
                         .square_factor = next_float() * 0x1p-9f, .slack = next_float() * 0x1p-9f};
  query.high = random_plane(number, group_count, &query.high_sum);
  if (is_fine) query.low = random_plane(number + 1, group_count, &query.low_sum);
  return query;
}

static void check_bounds(const uint8_t *blocks, size_t block_count, size_t group_count) {
  for (int is_fine = 0; is_fine < 2; is_fine++) {
    const vk_code_query query = random_query(group_count, 1, is_fine);
    uint16_t live[MOST_BLOCKS];
    for (size_t b = 0; b < block_count; b++)
      live[b] = next_random() % 3 == 0 ? 0 : (uint16_t)next_random();
    for (int all = 0; all < 2; all++) {
      const size_t count = block_count * VK_CODE_LANES;
      const uint16_t *lanes = all ? NULL : live;
      float expected[2][MOST_BLOCKS * VK_CODE_LANES];
      float *lowers = guarded_floats(3, count, 0), *uppers = guarded_floats(4, count, 0);
      vk_bound_codes(vk_instruction_set_scalar, blocks, block_count, group_count, &query, lanes,
                     expected[0], expected[1]);
      vk_bound_codes(set, blocks, block_count, group_count, &query, lanes, lowers, uppers);
      for (size_t i = 0; i < count; i++) {
        const bool is_live = all || (live[i / VK_CODE_LANES] >> i % VK_CODE_LANES & 1) != 0;
        const bool is_equal = is_live ? bits_of(lowers[i]) == bits_of(expected[0][i]) &&
                                            bits_of(uppers[i]) == bits_of(expected[1][i])
                                      : isnan(lowers[i]) && isnan(uppers[i]);
        EXPECT(is_equal, "bounds, %zu groups, %d, row %zu: %a, not %a", group_count, is_fine, i,
               (double)uppers[i], (double)expected[1][i]);
      }
    }
  }
}

static void check_tile(const uint8_t *blocks, size_t block_count, size_t group_count) {
  vk_code_query queries[VK_CODE_TILE];
  float thresholds[VK_CODE_TILE];
  for (int q = 0; q < VK_CODE_TILE; q++) {
    queries[q] = random_query(group_count, 1, false);
    static int8_t planes[VK_CODE_TILE][MOST_GROUPS * VK_CODE_GROUP];
    memcpy(planes[q], queries[q].high, group_count * VK_CODE_GROUP);
    queries[q].high = planes[q];
    // The upper bound of some row, which is reached, or the next float, which that row misses.
    float lowers[MOST_BLOCKS * VK_CODE_LANES], uppers[MOST_BLOCKS * VK_CODE_LANES];
    vk_bound_codes(vk_instruction_set_scalar, blocks, block_count, group_count, &queries[q], NULL,
                   lowers, uppers);
    const float some = block_count > 0 ? uppers[next_random() % (block_count * VK_CODE_LANES)] : 0;
    thresholds[q] = next_random() % 2 == 0 ? some : nextafterf(some, INFINITY);
    if (next_random() % 8 == 0) thresholds[q] = next_random() % 2 == 0 ? -INFINITY : INFINITY;
  }
  for (size_t count = 1; count <= VK_CODE_TILE; count++) {
    vk_code_hit expected[MOST_BLOCKS * VK_CODE_TILE];
    vk_code_hit *hits = guarded(2, block_count * count * sizeof(vk_code_hit), 0);
    const size_t many = vk_tile_codes(vk_instruction_set_scalar, blocks, block_count, group_count,
                                      queries, count, thresholds, expected);
    const size_t found =
        vk_tile_codes(set, blocks, block_count, group_count, queries, count, thresholds, hits);
    EXPECT(found == many && memcmp(hits, expected, many * sizeof(vk_code_hit)) == 0,
           "tile of %zu queries, %zu blocks of %zu groups", count, block_count, group_count);
  }
}

static void check_groups(size_t group_count) {
  for (size_t block_count = 0; block_count <= MOST_BLOCKS; block_count++) {
    const uint8_t *blocks = random_blocks(block_count, group_count);
    check_bounds(blocks, block_count, group_count);
    check_tile(blocks, block_count, group_count);
  }
}

// What is promised of planes: the scale and the rest give the vector back, and sums of products stay
// within the bits of the set.
static void check_plane(size_t dimension) {
  float vector[MOST_DIMENSION], rest[MOST_DIMENSION];
  const size_t group_count = (dimension + VK_CODE_GROUP - 1) / VK_CODE_GROUP;
  const float scale = powf(2, (float)(next_random() % 160) - 120);
  for (size_t i = 0; i < dimension; i++) vector[i] = next_special() * scale;
  int8_t *plane = guarded(1, group_count * VK_CODE_GROUP, 0);
  const float step = vk_code_plane(set, vector, dimension, plane, rest);
  int largest = 0, sums[2][2] = {{0}};
  for (size_t i = 0; i < group_count * VK_CODE_GROUP; i++) {
    if (i % (VK_CODE_WINDOW * VK_CODE_GROUP) == 0) memset(sums, 0, sizeof sums);
    const int element = plane[i];
    int *sum = &sums[i / 2 % 2][element < 0];
    *sum += abs(element);
    if (!vk_takes_whole_bytes(set)) EXPECT(*sum <= 128, "sum of a plane, dimension %zu", dimension);
    largest = abs(element) > largest ? abs(element) : largest;
    if (i >= dimension) {
      EXPECT(element == 0, "plane beyond dimension %zu", dimension);
      continue;
    }
    const float exact = (float)((double)vector[i] - (double)step * element);
    EXPECT(bits_of(rest[i]) == bits_of(exact), "rest of a plane, dimension %zu", dimension);
  }
  if (vk_takes_whole_bytes(set)) {
    int8_t expected[MOST_DIMENSION];
    float left[MOST_DIMENSION];
    const float same =
        vk_code_plane(vk_instruction_set_scalar, vector, dimension, expected, left);
    EXPECT(bits_of(same) == bits_of(step) && memcmp(plane, expected, group_count * 4) == 0,
           "plane of dimension %zu", dimension);
  }
  EXPECT(bits_of(vk_code_plane(set, vector, dimension, plane, vector)) == bits_of(step) &&
             memcmp(vector, rest, dimension * sizeof(float)) == 0,
         "rest of a plane in place, dimension %zu", dimension);
  EXPECT(step == 0 ? largest == 0 : !vk_takes_whole_bytes(set) || largest == 127,
         "plane of dimension %zu: scale %a, largest %d", dimension, (double)step, largest);
}

// Rows are encoded once and the file may be read on another machine: the codes of every machine are
// the same. The number is what the encoder of format 1 makes of these rows.
static void check_encoding(void) {
  enum { DIMENSION = 51, GROUPS = 13 };
  static uint8_t block[GROUPS * BLOCK + 3 * VK_CODE_LANES * sizeof(float)];
  uint64_t state = 7;
  uint32_t sum = 0;
  for (int round = 0; round < 200; round++) {
    for (size_t lane = 0; lane < VK_CODE_LANES; lane++) {
      float row[DIMENSION];
      for (size_t i = 0; i < DIMENSION; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        row[i] = ldexpf((float)(int32_t)(state >> 32), (int)(round % 100) - 100);
      }
      vk_encode_row(row, DIMENSION, block, lane);
    }
    sum = vk_crc32c(vk_instruction_set_scalar, sum, block, sizeof block);
  }
  EXPECT(sum == 0x9a407136, "codes: their checksum is %#x", sum);
}

void check_codes(void) {
  check_encoding();
  for (size_t i = 0; i < 2000; i++) check_plane(1 + next_random() % MOST_DIMENSION);
  for (size_t group_count = 1; group_count <= 130; group_count++) check_groups(group_count);
  for (size_t group_count = 192; group_count <= MOST_GROUPS; group_count *= 2)
    check_groups(group_count);
}
