// The limits of the machine, to hold the kernels against.
#ifndef SWIFTNN_PEAK_H
#define SWIFTNN_PEAK_H

#include <stddef.h>

/// Multiplies and adds in registers only, `rounds` times, on each of snn_thread_count() threads, with the vectors of
/// the tier in use and enough independent sums in flight to hide their latency. Returns the number of floating-point
/// operations done by all threads.
double snn_peak_multiply_add(size_t rounds);

/// The same with pairs of bfloat16 and float32 sums, by the CPU's instructions for them; 0 where it, or the tier in
/// use, has none.
double snn_peak_multiply_add_bfloat16(size_t rounds);

/// Copies `bytes` bytes, shared out among snn_thread_count() threads.
void snn_peak_copy(size_t bytes, const void *from, void *to);

#endif
