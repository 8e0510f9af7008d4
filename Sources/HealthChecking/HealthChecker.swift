public import Logging
public import NIOCore
public import NIOPosix
public import NetworkTypes
public import ServiceModel

#if canImport(Glibc)
    internal import Glibc
#endif

/// Probes targets and keeps the record of their health.
///
/// `run` makes the probes; everything else may be called before, during and after it.
public actor HealthChecker {
    /// A value after changes of health, however many there were since the previous value. For one reader; ends when
    /// `run` does.
    public nonisolated let changes: AsyncStream<Void>

    /// What is due within this time starts together: with 10,000 checks that saves a quarter of the CPU.
    private static let pauseMin = TimeAmount.milliseconds(10)

    private let changed: AsyncStream<Void>.Continuation
    private let prober: Prober
    private let logger: Logger
    private var checks: [Check] = []
    private var schedule: ProbeSchedule
    private var ledger = HealthLedger()
    /// Probes under way by number, abandoned ones included.
    private var probes: [UInt64: ConnectProbe] = [:]
    /// Something is due, or the alarm is set too late.
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private var alarm: (time: ProbeSchedule.Instant, timer: Scheduled<Void>)?

    /// - Parameters:
    ///   - sourceAddresses: Where probes come from; the first of the target's family counts. Without one the kernel
    ///     chooses.
    ///   - group: Lends one of its loops to make the connections on. It must outlive `run`.
    public init(
        sourceAddresses: [IPAddress] = [], group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "shoal.health")
    ) {
        self.init(sourceAddresses: sourceAddresses, group: group, schedule: ProbeSchedule(), logger: logger)
    }

    package init(
        sourceAddresses: [IPAddress] = [], group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        schedule: ProbeSchedule, logger: Logger = Logger(label: "shoal.health")
    ) {
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        prober = Prober(loop: group.next(), sources: sourceAddresses)
        self.schedule = schedule
        self.logger = logger
    }

    /// Makes `checks` the ones to probe, at once: what is no longer among them is forgotten and its probe closed.
    ///
    /// A check that is as it was is not disturbed. One that has changed keeps its health and its counts; its probe
    /// under way is closed without a result.
    ///
    /// - Parameter stored: Records from before a restart, taken for checks that are new here. Others are ignored.
    /// - Returns: Whether anything is checked otherwise than before.
    @discardableResult
    public func update(_ checks: [Check], restoring stored: [TargetKey: HealthRecord] = [:]) -> Bool {
        // Most changes of resources are of weights, which no check depends on.
        guard checks != self.checks else { return false }
        self.checks = checks
        for number in schedule.update(checks, at: .now) { probes[number]?.cancel() }
        ledger.update(checks, restoring: stored, at: unixSeconds())
        wake.yield()
        return true
    }

    /// The record of every check, as of now. A target without a check is N/A.
    public func snapshot() -> HealthSnapshot { ledger.snapshot }

    /// Probes until the task is cancelled, and returns when the last probe is closed. To be called once.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in wakes {
                for probe in schedule.start(at: .now) {
                    let attempt = prober.start(probe.check)
                    probes[probe.number] = attempt
                    group.addTask { await self.finish(probe, with: attempt.result()) }
                }
                setAlarm()
            }
            group.cancelAll()
        }
        alarm?.timer.cancel()
        changed.finish()
    }

    private func finish(_ probe: ProbeSchedule.Probe, with result: ProbeResult) {
        probes[probe.number] = nil
        if let id = schedule.finish(probe.number, at: .now), !Task.isCancelled { record(result, of: id) }
        if let next = schedule.nextStart, alarm.map({ next < $0.time }) ?? true { wake.yield() }
    }

    private func record(_ result: ProbeResult, of id: TargetKey) {
        logger.trace("probe ended", metadata: ["target": "\(id)", "result": "\(result)"])
        guard let transition = ledger.receive(result, of: id, at: unixSeconds()) else { return }
        logger.debug(
            "health changed",
            metadata: ["target": "\(id)", "from": "\(transition.from.rawValue)", "to": "\(transition.to.rawValue)"])
        changed.yield()
    }

    /// Sees to it that the loop of `run` wakes up when the next probe is due.
    private func setAlarm() {
        alarm?.timer.cancel()
        alarm = schedule.nextStart.map { next in
            let delay = max(Self.pauseMin, TimeAmount(SuspendingClock.now.duration(to: next)))
            return (next, prober.loop.scheduleTask(in: delay) { [wake] in wake.yield() })
        }
    }
}

private func unixSeconds() -> Int64 { Int64(time(nil)) }
