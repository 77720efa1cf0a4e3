// What the kernels run on: the instruction set in use, the threads, the caches.
#ifndef SWIFTNN_RUNTIME_H
#define SWIFTNN_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>

/// Alignment in bytes that kernels expect of workspaces and prefer for tensors.
#define SNN_ALIGNMENT 64

/// The kernel tiers, slowest first. Every tier computes the same mathematics.
typedef enum {
    SNN_ISA_PORTABLE = 0,
    SNN_ISA_NEON = 1,
    SNN_ISA_AVX2 = 2,
    SNN_ISA_AVX512 = 3,
    SNN_ISA_AMX = 4,  ///< that of AVX-512, but with products of bfloat16 numbers by AMX
} snn_isa;

#define SNN_ISA_COUNT 5

/// "portable", "neon", "avx2", "avx512" or "amx".
const char *snn_isa_name(snn_isa isa);

/// Whether this CPU (and this build) can run the tier. Linux is asked for AMX's registers for the whole process. A
/// build with -DSWIFTNN_EMULATE_AVX512 computes the AVX-512 tier with AVX2, for tests.
bool snn_isa_available(snn_isa isa);

/// The tier in use by the calling thread: its override, or else the process's: the one named by the environment
/// variable SWIFTNN_ISA where it is available, or else the best one available.
snn_isa snn_isa_active(void);

/// Overrides the tier for the calling thread, until it is called with -1; false, and no change, where the tier is not
/// available. Weights packed by one tier cannot be read by another.
bool snn_isa_override(int isa);

/// How many threads the kernels called from this thread use: its override, or else the process's number (at the
/// start, one per CPU this process may run on).
int snn_thread_count(void);

/// The most threads that kernels use.
#define SNN_THREAD_LIMIT 1024

/// Sets the process's number of threads; values below 1 count as 1, and values above the limit as that.
void snn_set_thread_count(int count);

/// Overrides the number of threads for the calling thread, until it is called with 0: with 1 for a thread that calls
/// kernels beside one that uses them all.
void snn_thread_count_override(int count);

/// How long in milliseconds idle kernel threads spin before they sleep; 0 gives the CPU to another library's
/// threads at once (for measuring such a library beside ours).
void snn_set_spin_time(int milliseconds);

/// Bytes of the first-level data cache of one core; a usual size where the system does not tell.
size_t snn_l1_cache_size(void);
/// The same of the second-level cache.
size_t snn_l2_cache_size(void);

#endif
