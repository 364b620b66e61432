// Times another library's search from C, so that no interpreter has a part in what is measured.

#ifndef CPEERTIMER_H
#define CPEERTIMER_H

#include <stddef.h>
#include <stdint.h>

// The shape of `search` in every index of FAISS, called as C++ calls it: the index itself, the
// number of queries, the queries, the number of results, room for scores and for labels, and
// parameters or NULL.
typedef void (*pt_search)(const void *index, int64_t count, const float *queries, int64_t results,
                          float *scores, int64_t *labels, const void *parameters);

// One call: what is searched, and how.
typedef struct {
  const void *index;
  const void *parameters;
  const float *queries;
  int64_t count;
} pt_call;

// Makes the calls one after the other; scores and labels of all queries follow each other.
//
// Before each call, outside its time, `evicted` bytes are read, so that caches hold only them, and
// then `warming` is made if it is not NULL, so that they hold the code as well.
void pt_measure(pt_search search, const pt_call calls[], size_t count, int64_t results,
                float *scores, int64_t *labels, uint64_t *nanoseconds, const void *evicting,
                size_t evicted, const pt_call *warming);

#endif
