// Threads: when a loop is worth more than one.
//
// A driver writes
//     SNN_PARALLEL_FOR(snn_threads_for(work), for (...) {...});
// where `work` estimates the loop's cost in numbers moved or computed one by one. Schedules are static: the
// libomp of Debian 12 lacks what the dynamic ones of clang 21 call.
#ifndef SNN_PARALLEL_H
#define SNN_PARALLEL_H

#include <stddef.h>

/// 1 for work too small to pay for waking other threads, else the number of threads set.
int snn_threads_for(size_t work);

/// The most threads that are worth waking: what workspaces that each thread has its own of are made for.
int snn_most_threads(void);

/// The same for a loop of multiply-adds on numbers in cache, of which a core does about sixteen while it moves one
/// number.
static inline int snn_threads_for_products(size_t products) { return snn_threads_for(products / 8); }

/// Shares the iterations of a loop among `threads`. One thread runs it without OpenMP: even alone it would spend about
/// a microsecond on entering and leaving a region.
#define SNN_PARALLEL_FOR(threads, ...) \
    SNN_PARALLEL_LOOP(threads, "omp parallel for schedule(static) num_threads(snn_team)", __VA_ARGS__)

/// The same for two and for three loops around one body.
#define SNN_PARALLEL_FOR_2(threads, ...) \
    SNN_PARALLEL_LOOP(threads, "omp parallel for collapse(2) schedule(static) num_threads(snn_team)", __VA_ARGS__)
#define SNN_PARALLEL_FOR_3(threads, ...) \
    SNN_PARALLEL_LOOP(threads, "omp parallel for collapse(3) schedule(static) num_threads(snn_team)", __VA_ARGS__)

#define SNN_PARALLEL_LOOP(threads, pragma, ...) \
    do {                                        \
        const int snn_team = (threads);         \
        if (snn_team == 1) {                    \
            __VA_ARGS__                         \
        } else {                                \
            _Pragma(pragma) __VA_ARGS__         \
        }                                       \
    } while (0)

/// Numbers of a flat array handed to a micro-kernel at a time: long enough to make the call cheap, short enough to
/// share out, and a multiple of every vector width and of a cache line.
#define SNN_SPAN 4096

static inline size_t snn_min(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t snn_max(size_t a, size_t b) { return a > b ? a : b; }
static inline size_t snn_ceil_div(size_t a, size_t b) { return (a + b - 1) / b; }
/// The size of even pieces of at most `most` that `size` is cut into.
static inline size_t snn_even_piece(size_t size, size_t most) {
    return snn_max(1, snn_ceil_div(size, snn_max(1, snn_ceil_div(size, snn_max(most, 1)))));
}
static inline size_t snn_round_up(size_t a, size_t multiple) { return snn_ceil_div(a, multiple) * multiple; }

#endif
