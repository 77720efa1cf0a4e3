import Foundation

/// Seconds on a clock that only moves forward.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

func seconds(of body: () throws -> Void) rethrows -> Double {
    let start = now()
    try body()
    return now() - start
}
