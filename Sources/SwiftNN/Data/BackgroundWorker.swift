import CKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A thread that does the same job whenever it is told to, while the one that told it goes on.
///
/// Starting and waiting allocate nothing. The kernels that the job calls use this one thread: a second OpenMP team would
/// fight the first for the CPUs.
final class BackgroundWorker {
    private let shared: Shared
    private var thread: pthread_t?

    init(_ job: @escaping @Sendable () -> Void) {
        shared = Shared(job)
        // Where the system has no thread left, `wait` does the job itself.
        thread = Self.makeThread(for: shared)
    }

    deinit {
        guard let thread else { return }
        shared.set(.stopped)
        pthread_join(thread, nil)
    }

    /// Tells the thread to do its job. It must be idle.
    func start() { shared.set(.requested) }

    /// Waits until the job that was started is done.
    func wait() {
        if thread == nil { shared.runOnce() }
        shared.wait { $0 == .idle }
    }

    private static func makeThread(for shared: Shared) -> pthread_t? {
        let argument = Unmanaged.passRetained(shared)
        #if canImport(Darwin)
            var thread: pthread_t?
            let status = pthread_create(
                &thread, nil,
                {
                    Unmanaged<Shared>.fromOpaque($0).takeRetainedValue().runUntilStopped()
                    return nil
                }, argument.toOpaque())
        #else
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                {
                    guard let argument = $0 else { return nil }
                    Unmanaged<Shared>.fromOpaque(argument).takeRetainedValue().runUntilStopped()
                    return nil
                }, argument.toOpaque())
        #endif
        guard status == 0 else {
            argument.release()
            return nil
        }
        return thread
    }
}

/// What both threads see. The mutex guards `state`; the job runs outside of it, and who waits for `.idle` sees all that
/// the job wrote.
private final class Shared: @unchecked Sendable {
    enum State {
        case idle
        case requested
        case stopped
    }

    private let job: @Sendable () -> Void
    private var state = State.idle
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(_ job: @escaping @Sendable () -> Void) {
        self.job = job
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    func set(_ newState: State) {
        pthread_mutex_lock(mutex)
        // A stop that came while the job ran stays.
        if state != .stopped { state = newState }
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    @discardableResult
    func wait(until isAwaited: (State) -> Bool) -> State {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isAwaited(state) { pthread_cond_wait(changed, mutex) }
        return state
    }

    /// Does the job and says so.
    func runOnce() {
        job()
        set(.idle)
    }

    func runUntilStopped() {
        snn_thread_count_override(1)
        while wait(until: { $0 != .idle }) != .stopped { runOnce() }
    }
}
