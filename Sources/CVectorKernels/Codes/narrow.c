// A second look at the blocks in which the first one has left rows: the queries that have a hit in a
// block are a tile of their own.

#include "../Dispatch.h"

size_t vk_narrow_hits(vk_instruction_set set, const uint8_t *blocks, size_t group_count,
                      const vk_code_query *queries, const float *thresholds, vk_code_hit *hits,
                      size_t hit_count) {
  const size_t length = vk_code_block_length(group_count);
  size_t left = 0;
  for (size_t first = 0, end; first < hit_count; first = end) {
    const uint32_t block = hits[first].block;
    vk_code_hit before[VK_CODE_TILE], found[VK_CODE_TILE];
    vk_code_query members[VK_CODE_TILE];
    float limits[VK_CODE_TILE];
    size_t count = 0;
    for (end = first; end < hit_count && hits[end].block == block; end++, count++) {
      before[count] = hits[end];
      members[count] = queries[hits[end].query];
      limits[count] = thresholds[hits[end].query];
    }
    const size_t found_count = vk_tile_codes(set, blocks + block * length, 1, group_count, members,
                                             count, limits, found);
    for (size_t i = 0; i < found_count; i++) {
      const vk_code_hit hit = before[found[i].query];
      const uint16_t lanes = hit.lanes & found[i].lanes;
      // Never more are left than were read.
      if (lanes != 0) hits[left++] = (vk_code_hit){block, hit.query, lanes};
    }
  }
  return left;
}
