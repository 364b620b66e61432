#include "CPeerTimer.h"

#include <time.h>

static uint64_t nanoseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void evict(const void *evicting, size_t evicted) {
  const volatile unsigned char *bytes = evicting;
  // One byte brings its line of 64.
  for (size_t i = 0; i < evicted; i += 64) (void)bytes[i];
}

void pt_measure(pt_search search, const pt_call calls[], size_t count, int64_t results,
                float *scores, int64_t *labels, uint64_t *nanoseconds, const void *evicting,
                size_t evicted, const pt_call *warming) {
  for (size_t i = 0; i < count; i++) {
    const pt_call *call = &calls[i];
    evict(evicting, evicted);
    if (warming != NULL) {
      search(warming->index, warming->count, warming->queries, results, scores, labels,
             warming->parameters);
    }
    const uint64_t start = nanoseconds_now();
    search(call->index, call->count, call->queries, results, scores, labels, call->parameters);
    nanoseconds[i] = nanoseconds_now() - start;
    scores += call->count * results;
    labels += call->count * results;
  }
}
