// How workers share a pass over pixels: by blocks of tiles, and within a block by panels of channels. Where the blocks
// are few, as with a single image, every worker then reads only its own panels of the weights.
#ifndef SNN_CONV_SHARE_H
#define SNN_CONV_SHARE_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/parallel.h"

/// The work: tiles, cut into blocks as equal as can be, each times all panels.
typedef struct {
    size_t tiles, blocks, panels;
} conv_work;

/// The panels [first_panel, end_panel) of one block.
typedef struct {
    size_t block, first_panel, end_panel;
} conv_share;

/// The first tile of a block; of the one behind the last block, the number of tiles.
static inline size_t conv_first_tile(const conv_work *work, size_t block) { return block * work->tiles / work->blocks; }

/// Where a worker's part starts at first, which is where that of the one before it ends: block * panels + panel. A
/// block is cut where its pieces are worth preparing it twice, or where there are too few.
static inline size_t conv_part_start(const conv_work *work, size_t worker, size_t workers) {
    const size_t all = work->tiles * work->panels, start = all * worker / workers;
    if (start == all) return work->blocks * work->panels;
    const size_t block = ((start / work->panels + 1) * work->blocks - 1) / work->tiles;
    const size_t first = conv_first_tile(work, block), tiles = conv_first_tile(work, block + 1) - first;
    const size_t panel = (start - first * work->panels) / tiles;
    const size_t few = work->blocks < workers ? 0 : work->panels / 8;
    const size_t cut = panel <= few ? 0 : panel + few >= work->panels ? work->panels : panel;
    return block * work->panels + cut;
}

static inline void conv_start_parts(const conv_work *work, snn_part *parts, size_t workers) {
    for (size_t i = 0; i < workers; i++) atomic_init(&parts[i].next, conv_part_start(work, i, workers));
}

/// Takes what is left of the next block in a part that ends at `end`; false where nothing is.
static inline bool conv_take_from(const conv_work *work, snn_part *part, size_t end, conv_share *share) {
    size_t next = atomic_load_explicit(&part->next, memory_order_relaxed), stop;
    do {
        if (next >= end) return false;
        stop = snn_min(end, (next / work->panels + 1) * work->panels);
    } while (
        !atomic_compare_exchange_weak_explicit(&part->next, &next, stop, memory_order_relaxed, memory_order_relaxed));
    *share = (conv_share){next / work->panels, next % work->panels, next % work->panels + (stop - next)};
    return true;
}

/// The next share for a worker: of its own part, and then of the others'. *finished, at first 0, counts the parts that
/// have nothing left.
static inline bool conv_next_share(
    const conv_work *work, snn_part *parts, size_t workers, size_t worker, size_t *finished, conv_share *share) {
    for (; *finished < workers; ++*finished) {
        const size_t part = (worker + *finished) % workers;
        if (conv_take_from(work, &parts[part], conv_part_start(work, part + 1, workers), share)) return true;
    }
    return false;
}

/// Runs the body for every share of the work, and tells it which of the workers it is.
#define CONV_PARALLEL_SHARES(workers, worker, work, share, ...)                                             \
    do {                                                                                                    \
        const size_t snn_team = (workers);                                                                  \
        snn_part conv_parts[snn_team];                                                                      \
        conv_start_parts(work, conv_parts, snn_team);                                                       \
        SNN_PARALLEL_TEAM(worker, {                                                                         \
            size_t conv_finished = 0;                                                                       \
            conv_share share;                                                                               \
            while (conv_next_share(work, conv_parts, snn_team, worker, &conv_finished, &share)) __VA_ARGS__ \
        });                                                                                                 \
    } while (0)

#endif
