// What of an epilogue, which may be NULL, there is to do.
#ifndef SNN_GEMM_EPILOGUE_H
#define SNN_GEMM_EPILOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "swiftnn/gemm.h"

static inline bool snn_epilogue_activates(const snn_epilogue *epilogue) {
    return epilogue != NULL && epilogue->activation.kind != SNN_IDENTITY;
}

/// The bias from a column on, or NULL.
static inline const float *snn_epilogue_bias(const snn_epilogue *epilogue, size_t column) {
    return epilogue != NULL && epilogue->bias != NULL ? epilogue->bias + column : NULL;
}

#endif
