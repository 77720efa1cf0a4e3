// How workers share a pass over pixels: by blocks of tiles, and within a block by panels of channels. Where the blocks
// are few, as with a single image, every worker then reads only its own panels of the weights.
#ifndef SNN_CONV_SHARE_H
#define SNN_CONV_SHARE_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/parallel.h"

/// A worker's items, [next, end), of which every block has one for every panel.
typedef struct {
    size_t panels, next, end;
} conv_shares;

/// Those of one block: the panels [first_panel, end_panel).
typedef struct {
    size_t block, first_panel, end_panel;
} conv_share;

static inline conv_shares conv_shares_of(size_t blocks, size_t panels, size_t worker, size_t workers) {
    const size_t items = blocks * panels;
    return (conv_shares){panels, items * worker / workers, items * (worker + 1) / workers};
}

/// The next share; false where none is left.
static inline bool conv_next_share(conv_shares *shares, conv_share *share) {
    if (shares->next == shares->end) return false;
    share->block = shares->next / shares->panels;
    share->first_panel = shares->next % shares->panels;
    share->end_panel = snn_min(shares->panels, share->first_panel + (shares->end - shares->next));
    shares->next += share->end_panel - share->first_panel;
    return true;
}

#endif
