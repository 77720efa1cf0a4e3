// Threads: when a loop is worth more than one, and how they share it.
//
// A driver writes
//     SNN_PARALLEL_FOR(snn_threads_for(work), i, count, {...});
// where `work` estimates the loop's cost in numbers moved or computed one by one, for what would be
//     for (size_t i = 0; i < count; i++) {...}
// Every thread has a part of the loop, the same one every time, so that it finds in its cache what it left there, and
// takes it in pieces. One that has done its own takes pieces of the others': where another program holds a thread up,
// they do not wait for it. (OpenMP's own dynamic schedules as clang 21 calls them are not in the libomp of Debian 12.)
#ifndef SNN_PARALLEL_H
#define SNN_PARALLEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "swiftnn/runtime.h"

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

/// 1 for work too small to pay for waking other threads, else the number of threads set.
int snn_threads_for(size_t work);

/// The most threads that are worth waking: what workspaces that each thread has its own of are made for.
int snn_most_threads(void);

/// The same for a loop of multiply-adds on numbers in cache, of which a core does about sixteen while it moves one
/// number.
static inline int snn_threads_for_products(size_t products) { return snn_threads_for(products / 16); }

/// A thread's part of a loop: the next iteration that no thread has taken. A cache line each, for all threads write
/// them.
typedef struct {
    _Alignas(SNN_ALIGNMENT) _Atomic size_t next;
} snn_part;

/// Pieces that a part is taken in.
enum { snn_part_pieces = 8 };

/// A thread's way through the parts of a loop: its own one first.
typedef struct {
    snn_part *parts;
    size_t threads, count;
    size_t thread, finished;  ///< parts that have nothing left
    size_t first, end;        ///< of the piece taken
} snn_share;

static inline size_t snn_part_start(size_t count, size_t part, size_t parts) { return count * part / parts; }

static inline void snn_start_parts(snn_part *parts, size_t threads, size_t count) {
    for (size_t i = 0; i < threads; i++) atomic_init(&parts[i].next, snn_part_start(count, i, threads));
}

static inline snn_share snn_share_of(snn_part *parts, size_t threads, size_t count, size_t thread) {
    return (snn_share){.parts = parts, .threads = threads, .count = count, .thread = thread};
}

/// Takes the next piece; false where nothing is left.
static inline bool snn_take_piece(snn_share *share) {
    for (; share->finished < share->threads; share->finished++) {
        const size_t part = (share->thread + share->finished) % share->threads;
        const size_t end = snn_part_start(share->count, part + 1, share->threads);
        const size_t piece = snn_ceil_div(end - snn_part_start(share->count, part, share->threads), snn_part_pieces);
        share->first = atomic_fetch_add_explicit(&share->parts[part].next, piece, memory_order_relaxed);
        share->end = snn_min(share->first + piece, end);
        if (share->first < end) return true;
    }
    return false;
}

/// Shares the iterations of a loop among `threads`. One thread runs it without OpenMP: even alone it would spend about
/// a microsecond on entering and leaving a region.
#define SNN_PARALLEL_FOR(threads, index, size, ...) SNN_PARALLEL_FOR_BY(threads, snn_thread, index, size, __VA_ARGS__)

/// The same, in steps of more than one.
#define SNN_PARALLEL_STEPS(threads, index, size, step, ...)         \
    SNN_PARALLEL_FOR(threads, snn_step, snn_ceil_div(size, step), { \
        const size_t index = snn_step * (step);                     \
        __VA_ARGS__                                                 \
    })

/// The same for two loops around one body.
#define SNN_PARALLEL_2D(threads, outer, outer_size, inner, inner_size, ...)                      \
    do {                                                                                         \
        const size_t snn_inner_size = (inner_size);                                              \
        SNN_PARALLEL_FOR(threads, snn_place, snn_inner_size *(outer_size), {                     \
            const size_t outer = snn_place / snn_inner_size, inner = snn_place % snn_inner_size; \
            __VA_ARGS__                                                                          \
        });                                                                                      \
    } while (0)

/// The same, where the body wants to know which of the threads runs it, for a workspace of its own.
#define SNN_PARALLEL_FOR_BY(threads, thread, index, size, ...)               \
    SNN_PARALLEL_PIECES(threads, thread, snn_first, snn_end, size, {         \
        for (size_t index = snn_first; index < snn_end; index++) __VA_ARGS__ \
    })

/// The same, where the body handles the iterations [piece_first, piece_end) of a piece itself.
#define SNN_PARALLEL_PIECES(threads, thread, piece_first, piece_end, size, ...)           \
    do {                                                                                  \
        const size_t snn_team = (size_t)(threads), snn_size = (size);                     \
        if (snn_team == 1) {                                                              \
            const size_t thread = 0, piece_first = 0, piece_end = snn_size;               \
            (void)thread;                                                                 \
            __VA_ARGS__                                                                   \
        } else {                                                                          \
            snn_part snn_parts[snn_team];                                                 \
            snn_start_parts(snn_parts, snn_team, snn_size);                               \
            SNN_PARALLEL_TEAM(thread, {                                                   \
                snn_share snn_mine = snn_share_of(snn_parts, snn_team, snn_size, thread); \
                while (snn_take_piece(&snn_mine)) {                                       \
                    const size_t piece_first = snn_mine.first, piece_end = snn_mine.end;  \
                    __VA_ARGS__                                                           \
                }                                                                         \
            });                                                                           \
        }                                                                                 \
    } while (0)

/// Runs the body once for each of snn_team threads.
#define SNN_PARALLEL_TEAM(thread, ...)                                                                           \
    do {                                                                                                         \
        if (snn_team == 1) {                                                                                     \
            const size_t thread = 0;                                                                             \
            __VA_ARGS__                                                                                          \
        } else {                                                                                                 \
            _Pragma("omp parallel for schedule(static) num_threads(snn_team)") for (size_t thread = 0;           \
                                                                                    thread < snn_team; thread++) \
                __VA_ARGS__                                                                                      \
        }                                                                                                        \
    } while (0)

#endif
