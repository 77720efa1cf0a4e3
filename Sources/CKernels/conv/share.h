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

/// Where a worker's part starts, which is where that of the one before it ends: block * panels + panel. A block is cut
/// where its pieces are worth preparing it twice, or where there are too few.
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

/// The next share of the part [*next, end), which is moved on by it; false where none is left.
static inline bool conv_next_share(const conv_work *work, size_t *next, size_t end, conv_share *share) {
    if (*next >= end) return false;
    share->block = *next / work->panels;
    share->first_panel = *next % work->panels;
    share->end_panel = snn_min(work->panels, share->first_panel + (end - *next));
    *next += share->end_panel - share->first_panel;
    return true;
}

#endif
