// The C API of SwiftNN's kernels: one header per kernel family.
//
// The kernel contract, common to every function here:
//   - raw pointers and a shape struct; tensors are row-major unless a function says otherwise, images are
//     channels-last ([batch, height, width, channels]);
//   - a kernel never allocates: where it needs scratch memory the caller passes a workspace of at least the bytes
//     that the matching `_workspace_size` function tells, aligned to SNN_ALIGNMENT;
//   - a kernel never prints and never aborts; sizes of 0 are allowed and do nothing;
//   - every edge (any size, stride or padding the shape allows) is handled inside;
//   - the result is the same to the last bit for every thread count;
//   - several threads may call kernels at the same time, each with outputs and workspaces of its own. Only one of them
//     should use more than one thread: two teams would fight for the CPUs. So the data loader's worker, which fills a
//     batch beside the training, calls them after snn_thread_count_override(1), and they then run on it alone.
#ifndef SWIFTNN_H
#define SWIFTNN_H

#include "swiftnn/activation.h"
#include "swiftnn/augment.h"
#include "swiftnn/bfloat16.h"
#include "swiftnn/conv.h"
#include "swiftnn/dropout.h"
#include "swiftnn/elementwise.h"
#include "swiftnn/gemm.h"
#include "swiftnn/image.h"
#include "swiftnn/layout.h"
#include "swiftnn/linalg.h"
#include "swiftnn/loss.h"
#include "swiftnn/norm.h"
#include "swiftnn/optimizer.h"
#include "swiftnn/peak.h"
#include "swiftnn/pool.h"
#include "swiftnn/random.h"
#include "swiftnn/runtime.h"

#endif
