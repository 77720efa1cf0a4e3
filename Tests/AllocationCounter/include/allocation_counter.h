// Counts what a thread allocates on the heap, by standing in for the C library's allocation functions.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stddef.h>

/// Whether this build can count: on Linux, and not under a sanitizer, which has allocation functions of its own.
bool allocation_counter_available(void);

/// Counts the calling thread's allocations of at least so many bytes from now on. Those of the OpenMP runtime do not
/// count: Debian's is built with its own debugging on and formats messages in every parallel loop.
void allocation_counter_begin(size_t least);

/// Ends the counting and returns how many allocations there were.
long allocation_counter_end(void);

#endif
