internal import BPFRuntime
internal import CShoalABI
internal import Glibc

/// The clock of the packet program's pins, from outside: the kernel's tick count, in units of about a second.
///
/// Only a program can read that count; but the kernel advances it by CLOCK_MONOTONIC, so that the two stay as far apart
/// as they were when a program was asked once.
struct PinClock: Sendable {
    /// By what the tick count is ahead of CLOCK_MONOTONIC, modulo 2^32.
    let offset: UInt32

    init(offset: UInt32) { self.offset = offset }

    /// - Parameter program: `shoal_clock`, which returns the tick count.
    init(asking program: BPFProgram) throws(BPFError) {
        let frame = [UInt8](repeating: 0, count: 64)
        offset = try program.testRun(packet: frame).result &- Self.monotonicTicks()
    }

    /// So many bits of the count are left out: the fewest that make a second.
    static let shift: UInt32 = {
        let perSecond = 1_000_000_000 / nanosecondsPerTick
        return (0..<16).first { 1 << $0 >= perSecond } ?? 16
    }()

    /// How many units make at least so many seconds; limited to what a pin's age can tell.
    static func units(seconds: Int) -> UInt32 {
        let units = (UInt64(max(seconds, 0)) * 1_000_000_000 + nanosecondsPerUnit - 1) / nanosecondsPerUnit
        return UInt32(min(units, UInt64(SHOAL_PIN_AGES) - 1))
    }

    /// Whole seconds in so many units.
    static func seconds(units: UInt32) -> Int { Int(UInt64(units) * nanosecondsPerUnit / 1_000_000_000) }

    /// Pins of this moment are marked with it.
    var now: UInt32 { (offset &+ Self.monotonicTicks()) >> Self.shift }

    /// The tick count itself, all of it, so many seconds from now.
    ///
    /// It began at boot, as CLOCK_MONOTONIC did, at a number of 32 bits (`INITIAL_JIFFIES` of linux/jiffies.h).
    func tickCount(inSeconds seconds: Int) -> UInt64 {
        UInt64(offset) + Self.monotonicTickCount() + UInt64(seconds) * 1_000_000_000 / Self.nanosecondsPerTick
    }

    private static var nanosecondsPerUnit: UInt64 { nanosecondsPerTick << UInt64(shift) }

    /// The resolution of the coarse clock is the tick itself.
    private static let nanosecondsPerTick: UInt64 = {
        var resolution = timespec()
        clock_getres(CLOCK_MONOTONIC_COARSE, &resolution)
        return UInt64(max(resolution.tv_nsec, 1))
    }()

    private static func monotonicTicks() -> UInt32 { UInt32(truncatingIfNeeded: monotonicTickCount()) }

    private static func monotonicTickCount() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        let nanoseconds = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        return nanoseconds / nanosecondsPerTick
    }
}
