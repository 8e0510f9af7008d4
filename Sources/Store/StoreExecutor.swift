internal import Dispatch

/// Runs an actor on a thread that may wait for the disk, where the pool that all tasks share must not.
final class StoreExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "shoal.store")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
